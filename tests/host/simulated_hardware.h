// Simulated devices behind drivers::Hardware: what the drivers' host tests run against.
//
// Time is simulated: every port access takes one microsecond. Interrupts are edge-triggered as on
// the 8259: a device's line going up is remembered and its handler runs as soon as interrupts are
// on. A port without a device reads 0xFF and swallows writes, like an empty ISA bus.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "drivers/hardware.h"

namespace quire::test {

class SimulatedDevice {
  public:
    virtual ~SimulatedDevice() = default;
    virtual std::uint8_t in8(std::uint16_t offset) = 0;
    virtual void out8(std::uint16_t offset, std::uint8_t value) = 0;
    virtual void out16(std::uint16_t, std::uint16_t) {}
    virtual std::uint16_t in16(std::uint16_t) { return 0xFFFF; }
    virtual std::uint32_t in32(std::uint16_t) { return 0xFFFFFFFF; }
    virtual void out32(std::uint16_t, std::uint32_t) {}
    /// Called after each step of time, before the interrupt line is looked at.
    virtual void advance(std::uint64_t) {}
    virtual bool interrupt_line() { return false; }
};

class SimulatedHardware final : public drivers::Hardware {
  public:
    using Handler = void (*)(void*);

    /// The device sees ports [first, first + count) as offsets from `first_offset` on. A device may
    /// be attached in several places; it has one interrupt line.
    void attach(SimulatedDevice& device, std::uint16_t first, std::uint16_t count,
                std::uint16_t first_offset = 0) {
        for (std::uint16_t at = 0; at < count; ++at) {
            ports_[static_cast<std::uint16_t>(first + at)] = {
                &device, static_cast<std::uint16_t>(first_offset + at)};
        }
        for (const Line& line : lines_) {
            if (line.device == &device) return;
        }
        lines_.push_back({&device, nullptr, nullptr, false, false});
    }
    void connect(SimulatedDevice& device, Handler handler, void* context) {
        for (Line& line : lines_) {
            if (line.device != &device) continue;
            line.handler = handler;
            line.context = context;
        }
    }

    std::uint8_t in8(std::uint16_t port) override {
        pass_time(1);
        const auto found = ports_.find(port);
        if (found == ports_.end()) return 0xFF;
        const std::uint8_t value = found->second.first->in8(found->second.second);
        look_at_lines();
        return value;
    }
    void out8(std::uint16_t port, std::uint8_t value) override {
        pass_time(1);
        ++writes[port];
        const auto found = ports_.find(port);
        if (found != ports_.end()) found->second.first->out8(found->second.second, value);
        look_at_lines();
    }
    void out16(std::uint16_t port, std::uint16_t value) override {
        pass_time(1);
        const auto found = ports_.find(port);
        if (found != ports_.end()) found->second.first->out16(found->second.second, value);
        look_at_lines();
    }
    std::uint32_t in32(std::uint16_t port) override {
        pass_time(1);
        const auto found = ports_.find(port);
        return found == ports_.end() ? 0xFFFFFFFF : found->second.first->in32(found->second.second);
    }
    void out32(std::uint16_t port, std::uint32_t value) override {
        pass_time(1);
        const auto found = ports_.find(port);
        if (found != ports_.end()) found->second.first->out32(found->second.second, value);
        look_at_lines();
    }
    void in16_block(std::uint16_t port, void* words, std::uint32_t count) override {
        const auto found = ports_.find(port);
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint16_t word =
                found == ports_.end() ? 0xFFFF : found->second.first->in16(found->second.second);
            std::memcpy(static_cast<char*>(words) + i * sizeof word, &word, sizeof word);
        }
        pass_time(1 + count / 16);
    }
    void out16_block(std::uint16_t port, const void* words, std::uint32_t count) override {
        const auto found = ports_.find(port);
        for (std::uint32_t i = 0; i < count; ++i) {
            std::uint16_t word = 0;
            std::memcpy(&word, static_cast<const char*>(words) + i * sizeof word, sizeof word);
            if (found != ports_.end()) found->second.first->out16(found->second.second, word);
        }
        pass_time(1 + count / 16);
    }
    bool interrupts_save() override { return std::exchange(interrupts_on_, false); }
    void interrupts_restore(bool were_on) override {
        interrupts_on_ = were_on;
        deliver();
    }

    /// Lets `microseconds` go by, delivering interrupts as they come.
    void pass_time(std::uint64_t microseconds) {
        for (std::uint64_t step = 0; step < microseconds; ++step) {
            ++now_;
            for (Line& line : lines_)
                line.device->advance(now_);
            look_at_lines();
        }
    }
    /// An interrupt that no device asked for.
    void raise_spurious(SimulatedDevice& device) {
        for (Line& line : lines_) {
            if (line.device == &device) line.pending = true;
        }
        deliver();
    }
    [[nodiscard]] std::uint64_t now() const { return now_; }
    [[nodiscard]] bool interrupts_on() const { return interrupts_on_; }

    std::map<std::uint16_t, int> writes;

  private:
    struct Line {
        SimulatedDevice* device;
        Handler handler;
        void* context;
        bool level;
        bool pending;
    };

    void look_at_lines() {
        for (Line& line : lines_) {
            const bool level = line.device->interrupt_line();
            if (level && !line.level) line.pending = true;
            line.level = level;
        }
        deliver();
    }
    void deliver() {
        for (Line& line : lines_) {
            if (!interrupts_on_) return;
            if (!line.pending || line.handler == nullptr) continue;
            line.pending = false;
            interrupts_on_ = false;
            line.handler(line.context);
            interrupts_on_ = true;
        }
    }

    std::map<std::uint16_t, std::pair<SimulatedDevice*, std::uint16_t>> ports_;
    std::vector<Line> lines_;
    bool interrupts_on_ = true;
    std::uint64_t now_ = 0;
};

/// Channel 0 of an 8254 in mode 2, at ports 0x40-0x43.
class SimulatedPit final : public SimulatedDevice {
  public:
    bool broken = false;  // the counter stands still
    std::uint32_t divisor = 65'536;

    std::uint8_t in8(std::uint16_t offset) override {
        if (offset != 0) return 0xFF;
        high_next_ = !high_next_;
        return static_cast<std::uint8_t>(high_next_ ? latched_ & 0xFF : latched_ >> 8);
    }
    void out8(std::uint16_t offset, std::uint8_t value) override {
        if (offset == 3) {
            if ((value & 0xC0) != 0) return;
            if ((value & 0x30) == 0) {
                latched_ = static_cast<std::uint16_t>(divisor - counts() % divisor);
                high_next_ = false;
            } else {
                mode = (value >> 1) & 7;
                high_write_ = false;
            }
            return;
        }
        if (offset != 0) return;
        if (high_write_) {
            divisor = value * 256U + low_;
            if (divisor == 0) divisor = 65'536;
            started_at_ = now_;
        }
        low_ = value;
        high_write_ = !high_write_;
    }
    void advance(std::uint64_t now) override {
        const std::uint64_t periods_before = counts() / divisor;
        now_ = now;
        line_ = counts() / divisor != periods_before;
    }
    bool interrupt_line() override { return line_; }

    int mode = 3;

  private:
    [[nodiscard]] std::uint64_t counts() const {
        return broken ? 0 : (now_ - started_at_) * 1'193'182 / 1'000'000;
    }

    std::uint64_t now_ = 0;
    std::uint64_t started_at_ = 0;
    std::uint16_t latched_ = 0;
    std::uint8_t low_ = 0;
    bool high_next_ = false;
    bool high_write_ = false;
    bool line_ = false;
};

}  // namespace quire::test
