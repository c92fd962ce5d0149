// Integers that know what they measure.
//
//     Quantity<Tag>            a length: 3 pages. Adds and subtracts with its own kind.
//     Position<Tag, Distance>  a place: page 0x80. Position - Position is a Distance,
//                              Position + Distance is a Position; two positions do not add.
//
// Both are explicit to make, 32 bits wide on every build, and compile to plain registers. raw()
// is for the hardware edge and for printing. Arithmetic wraps like unsigned int: callers that take
// numbers from outside check first.
#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>

namespace quire {

template <typename Tag>
class Quantity {
  public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(std::uint32_t raw) : raw_(raw) {}

    [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }

    constexpr auto operator<=>(const Quantity&) const = default;
    constexpr Quantity operator+(Quantity other) const { return Quantity(raw_ + other.raw_); }
    constexpr Quantity operator-(Quantity other) const { return Quantity(raw_ - other.raw_); }
    constexpr Quantity operator*(std::uint32_t times) const { return Quantity(raw_ * times); }
    constexpr Quantity& operator+=(Quantity other) {
        raw_ += other.raw_;
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        raw_ -= other.raw_;
        return *this;
    }
    constexpr Quantity& operator++() {
        ++raw_;
        return *this;
    }
    constexpr Quantity& operator--() {
        --raw_;
        return *this;
    }

  private:
    std::uint32_t raw_ = 0;
};

/// The plain number behind a distance, be it a Quantity or already plain.
template <typename Distance>
constexpr std::uint32_t raw_distance(Distance distance) {
    if constexpr (std::is_integral_v<Distance>) {
        return distance;
    } else {
        return distance.raw();
    }
}

template <typename Tag, typename Distance = std::uint32_t>
class Position {
  public:
    constexpr Position() = default;
    constexpr explicit Position(std::uint32_t raw) : raw_(raw) {}

    [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }

    constexpr auto operator<=>(const Position&) const = default;
    constexpr Position operator+(Distance distance) const {
        return Position(raw_ + raw_distance(distance));
    }
    constexpr Position operator-(Distance distance) const {
        return Position(raw_ - raw_distance(distance));
    }
    constexpr Distance operator-(Position other) const { return Distance(raw_ - other.raw_); }
    constexpr Position& operator+=(Distance distance) {
        raw_ += raw_distance(distance);
        return *this;
    }
    constexpr Position& operator-=(Distance distance) {
        raw_ -= raw_distance(distance);
        return *this;
    }
    constexpr Position& operator++() {
        ++raw_;
        return *this;
    }

  private:
    std::uint32_t raw_ = 0;
};

}  // namespace quire
