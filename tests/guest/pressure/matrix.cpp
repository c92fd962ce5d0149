// /pressure/matrix MIB COLUMNS SEED: a matrix whose rows are pages, worked on both ways. By rows
// each page is used up before the next; by columns, of which only so many have their turn, each
// step is another page.
//
// Exit code 1: a column does not hold what was put into it.
#include "tests/guest/pressure/pressure.h"

namespace {

using namespace quire;
using namespace quire::pressure;

struct Matrix {
    Word* cells;
    std::size_t rows;
    [[nodiscard]] Word& at(std::size_t row, std::size_t column) const {
        return cells[row * kWordsAPage + column];
    }
};

Word cell(std::size_t row, std::size_t column, Word seed) {
    return mixed(static_cast<Word>(row * kWordsAPage + column), seed);
}

void fill_by_rows(const Matrix& matrix, Word seed) {
    for (std::size_t row = 0; row < matrix.rows; ++row)
        for (std::size_t column = 0; column < kWordsAPage; ++column)
            matrix.at(row, column) = cell(row, column, seed);
}

Word sum_by_rows(const Matrix& matrix) {
    Sum sum;
    for (std::size_t row = 0; row < matrix.rows; ++row)
        for (std::size_t column = 0; column < kWordsAPage; ++column)
            sum.add(matrix.at(row, column));
    return sum.value();
}

// Each cell becomes the sum of those above it and itself. Whether all were as they had been filled.
bool add_up_by_columns(const Matrix& matrix, std::size_t columns, Word seed) {
    bool right = true;
    for (std::size_t column = 0; column < columns; ++column) {
        Word total = 0;
        for (std::size_t row = 0; row < matrix.rows; ++row) {
            right = right && matrix.at(row, column) == cell(row, column, seed);
            matrix.at(row, column) = total += matrix.at(row, column);
        }
    }
    return right;
}

}  // namespace

int main(int argc, char** argv, char**) {
    const Arguments arguments(argc, argv, 3, "matrix MIB COLUMNS SEED");
    const std::size_t rows = arguments[0] * kMib / kPage;
    const Matrix matrix{map<Word>(rows * kPage), rows};
    const std::size_t columns = arguments[1] < kWordsAPage ? arguments[1] : kWordsAPage;
    fill_by_rows(matrix, arguments[2]);
    const Word before = sum_by_rows(matrix);
    if (!add_up_by_columns(matrix, columns, arguments[2])) {
        complain("matrix: a cell does not hold what was put into it\n");
        return 1;
    }
    say("matrix %u %u %u: %08x %08x\n", arguments[0], arguments[1], arguments[2], before,
        sum_by_rows(matrix));
    return 0;
}
