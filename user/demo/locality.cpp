// locality: the sum over a matrix that is larger than RAM, row by row and column by column. The
// same additions; the page faults tell them apart.
#include <algorithm>

#include "user/demo/demo.h"
#include "user/demo/look.h"
#include "user/demo/pressure.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kColumns = kPage / sizeof(int);  // a row is a page
constexpr std::size_t kColumnsSummed = 4;

int value_at(std::size_t row, std::size_t column) {
    return static_cast<int>(row % 7 + column % 5);
}

struct Matrix {
    volatile int* cells;
    std::size_t rows;
    volatile int& at(std::size_t row, std::size_t column) { return cells[row * kColumns + column]; }
};

// Both go through the columns from 0 to `columns`, and through all rows.
std::uint64_t sum_by_rows(Matrix matrix, std::size_t columns) {
    std::uint64_t sum = 0;
    for (std::size_t row = 0; row < matrix.rows; ++row)
        for (std::size_t column = 0; column < columns; ++column)
            sum += static_cast<std::uint64_t>(matrix.at(row, column));
    return sum;
}
std::uint64_t sum_by_columns(Matrix matrix, std::size_t columns) {
    std::uint64_t sum = 0;
    for (std::size_t column = 0; column < columns; ++column)
        for (std::size_t row = 0; row < matrix.rows; ++row)
            sum += static_cast<std::uint64_t>(matrix.at(row, column));
    return sum;
}

std::uint64_t sum_expected(std::size_t rows, std::size_t columns) {
    std::uint64_t sum = 0;
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t column = 0; column < columns; ++column)
            sum += static_cast<std::uint64_t>(value_at(row, column));
    return sum;
}

void fill(Matrix matrix) {
    for (std::size_t row = 0; row < matrix.rows; ++row)
        for (std::size_t column = 0; column < kColumns; ++column)
            matrix.at(row, column) = value_at(row, column);
}

void compare(Demo& demo, Matrix matrix, std::size_t frames) {
    std::uint64_t sum = 0;
    demo.step("Sum of all %zu columns, row by row: each page is used up before the next.",
              kColumns);
    const Faults by_rows = faults_of([&] { sum = sum_by_rows(matrix, kColumns); });
    demo.claim("the sum", sum_expected(matrix.rows, kColumns), sum);
    demo.claim_at_least("page faults: what was not in RAM", matrix.rows - frames, by_rows.all());
    demo.claim_at_most("and hardly more than pages", matrix.rows + matrix.rows / 4, by_rows.all());

    demo.step(
        "Sum of only %zu columns, column by column: one int of each page, then the next page.",
        kColumnsSummed);
    const Faults by_columns = faults_of([&] { sum = sum_by_columns(matrix, kColumnsSummed); });
    demo.claim("the sum", sum_expected(matrix.rows, kColumnsSummed), sum);
    demo.claim_at_least("page faults: what was not in RAM, for each column",
                        kColumnsSummed * (matrix.rows - frames), by_columns.all());

    const std::uint64_t rows_rate = by_rows.all() * 1000000 / (matrix.rows * kColumns);
    const std::uint64_t columns_rate = by_columns.all() * 1000000 / (matrix.rows * kColumnsSummed);
    demo.note("page faults for a million additions: %llu by rows, %llu by columns",
              static_cast<unsigned long long>(rows_rate),
              static_cast<unsigned long long>(columns_rate));
    demo.claim_at_least("times as many by columns", 200,
                        columns_rate / std::max<std::uint64_t>(rows_rate, 1));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "locality", "the same sum, row by row and column by column");
    const Pressure pressure = find_pressure();
    const std::size_t rows = pressure.is_possible ? pressure.pages : 256;
    const Matrix matrix{reinterpret_cast<volatile int*>(map(rows * kPage)), rows};
    demo.step("A matrix of %zu rows of a page each, %zu KiB; RAM has %zu KiB.", rows, rows * 4,
              pressure.frames * 4);
    const Faults filling = faults_of([&] { fill(matrix); });
    demo.claim_at_least("page faults of filling it", rows, filling.all());
    if (pressure.is_possible) {
        compare(demo, matrix, pressure.frames);
    } else {
        demo.note("%s", kNoPressure);
        demo.claim("in RAM: faults by columns", 0,
                   faults_of([&] { sum_by_columns(matrix, kColumns); }).all());
    }
    return demo.result();
}
