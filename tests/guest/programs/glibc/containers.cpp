// The containers, strings and streams of the C++ library.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

int main() {
    std::vector<unsigned> numbers(200000);
    unsigned seed = 1;
    for (unsigned& number : numbers)
        number = seed = seed * 1664525U + 1013904223U;
    std::sort(numbers.begin(), numbers.end());
    const bool sorted = std::is_sorted(numbers.begin(), numbers.end());

    std::map<std::string, int> words;
    std::istringstream text("the quick brown fox jumps over the lazy dog and the cat");
    for (std::string word; text >> word;)
        ++words[word];

    const std::string path = "/tmp/containers";
    {
        std::ofstream file(path);
        for (int i = 0; i < 1000; ++i)
            file << i << ' ' << i * 0.5 << '\n';
    }
    double sum = 0;
    std::ifstream file(path);
    for (double whole = 0, half = 0; file >> whole >> half;)
        sum += whole + half;
    std::remove(path.c_str());

    std::cout << "sorted " << sorted << ", the " << words["the"] << ", words " << words.size()
              << ", sum " << sum << std::endl;
    return sorted && words["the"] == 3 && sum == 749250 ? 0 : 1;
}
