// kernel/symbols: lookups against a map, and corrupt blobs, each of which must be refused or be
// harmless (ASan watches the blob's end).
#include "kernel/symbols.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace quire::kernel {
namespace {

using Symbols = std::map<std::uint32_t, std::string>;
using Blob = std::vector<std::byte>;

void put_word(Blob& blob, std::size_t index, std::uint32_t word) {
    if (blob.size() < 4 * (index + 1)) blob.resize(4 * (index + 1));
    std::memcpy(blob.data() + 4 * index, &word, 4);
}

Blob blob_of(const Symbols& symbols) {
    Blob blob;
    std::string text;
    put_word(blob, 0, SymbolTable::kMagic);
    put_word(blob, 1, static_cast<std::uint32_t>(symbols.size()));
    std::size_t index = 2;
    for (const auto& [address, name] : symbols) {
        const std::size_t scope_end = name.rfind(':') + 1;  // 0: it has none
        const std::size_t scope = text.size();
        text.append(name, 0, scope_end).push_back('\0');
        put_word(blob, index, address);
        put_word(blob, index + symbols.size(), static_cast<std::uint32_t>(text.size()));
        text.push_back(static_cast<char>(scope & 0xFF));
        text.push_back(static_cast<char>(scope >> 8));
        text.append(name, scope_end).push_back('\0');
        ++index;
    }
    for (const char character : text)
        blob.push_back(static_cast<std::byte>(character));
    return blob;
}

const Symbols kThree = {{0xC0100000, "start"}, {0xC0100010, "panic"}, {0xC0100400, "halt"}};

TEST(SymbolTable, FindsTheFunctionAroundAnAddress) {
    const Blob blob = blob_of(kThree);
    const SymbolTable table = SymbolTable::parse(blob).value();
    EXPECT_EQ(table.size(), 3U);
    EXPECT_FALSE(table.find(0xC00FFFFF).has_value());
    EXPECT_FALSE(table.find(0).has_value());
    EXPECT_EQ(table.find(0xC0100000)->name, "start");
    EXPECT_EQ(table.find(0xC010000F)->name, "start");
    EXPECT_EQ(table.find(0xC010000F)->offset, 0xFU);
    EXPECT_EQ(table.find(0xC0100010)->name, "panic");
    EXPECT_EQ(table.find(0xC0100010)->offset, 0U);
    EXPECT_EQ(table.find(0xFFFFFFFF)->name, "halt");
}

TEST(SymbolTable, FindsAnAddressByName) {
    const Blob blob = blob_of(kThree);
    const SymbolTable table = SymbolTable::parse(blob).value();
    EXPECT_EQ(table.address_of("panic"), 0xC0100010U);
    EXPECT_EQ(table.address_of("pani"), std::nullopt);
    EXPECT_EQ(table.address_of("panics"), std::nullopt);
}

TEST(SymbolTable, PutsScopeAndNameTogether) {
    const Blob blob = blob_of({{0xC0100000, "mm::Table::check"}, {0xC0100010, "mm::Table::"}});
    const SymbolTable table = SymbolTable::parse(blob).value();
    const SymbolName name = table.find(0xC0100004)->name;
    EXPECT_EQ(name.scope, "mm::Table::");
    EXPECT_EQ(name.name, "check");
    EXPECT_TRUE(name == "mm::Table::check");
    EXPECT_FALSE(name == "mm::Table::chec" || name == "mm::Tablet:check" || name == "check");
    EXPECT_EQ(table.address_of("mm::Table::check"), 0xC0100000U);
    EXPECT_EQ(table.address_of("mm::Table::"), 0xC0100010U);
    EXPECT_EQ(table.address_of("check"), std::nullopt);
}

TEST(SymbolTable, AcceptsAnEmptyTable) {
    const Blob blob = blob_of({});
    const SymbolTable table = SymbolTable::parse(blob).value();
    EXPECT_FALSE(table.find(0xFFFFFFFF).has_value());
    EXPECT_EQ(table.address_of(""), std::nullopt);
}

TEST(SymbolTable, RefusesACutTable) {
    const Blob whole = blob_of(kThree);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Blob cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(SymbolTable::parse(cut).has_value()) << size;
    }
}

TEST(SymbolTable, RefusesWrongNumbers) {
    const auto refuses = [](std::size_t index, std::uint32_t word) {
        Blob blob = blob_of(kThree);
        put_word(blob, index, word);
        return !SymbolTable::parse(blob).has_value();
    };
    EXPECT_TRUE(refuses(0, SymbolTable::kMagic + 1));
    for (std::uint32_t count : {5U, 0x20000000U, 0x20000003U, 0x80000003U, 0xFFFFFFFFU}) {
        EXPECT_TRUE(refuses(1, count)) << count;
    }
    EXPECT_TRUE(refuses(3, 0xC0100000)) << "two symbols at one address";
    EXPECT_TRUE(refuses(3, 0xC0100401)) << "addresses out of order";
    // Each name has an empty scope and its place in front: 9, 9 and 8 bytes.
    EXPECT_TRUE(refuses(6, 24)) << "a name that begins behind the end";
    EXPECT_TRUE(refuses(6, 0xFFFFFFFF));
    EXPECT_TRUE(refuses(6, 2)) << "a scope behind the end";
    EXPECT_FALSE(refuses(6, 17)) << "another's";
}

RC_GTEST_PROP(SymbolTable, FindsLikeAMap, ()) {
    const auto list = *rc::gen::container<std::map<std::uint32_t, std::string>>(
        rc::gen::arbitrary<std::uint32_t>(),
        rc::gen::container<std::string>(rc::gen::element('a', 'b', ':')));
    const Blob blob = blob_of(list);
    const auto table = SymbolTable::parse(blob);
    RC_ASSERT(table.has_value());
    std::vector<std::uint32_t> wanted = *rc::gen::arbitrary<std::vector<std::uint32_t>>();
    for (const auto& [address, name] : list) {
        wanted.insert(wanted.end(), {address - 1, address, address + 1});
    }
    for (const std::uint32_t address : wanted) {
        const auto above = list.upper_bound(address);
        const auto found = table->find(address);
        RC_ASSERT(found.has_value() == (above != list.begin()));
        if (!found) continue;
        RC_ASSERT(found->name == std::prev(above)->second);
        RC_ASSERT(found->offset == address - std::prev(above)->first);
    }
    for (const auto& [address, name] : list) {
        RC_ASSERT(list.at(table->address_of(name).value()) == name);
    }
}

// A few bytes changed anywhere: either refused, or every lookup stays inside the blob.
RC_GTEST_PROP(SymbolTable, NeverReadsOutsideACorruptBlob, ()) {
    Blob blob = blob_of(kThree);
    for (int changes = *rc::gen::inRange(1, 5); changes > 0; --changes) {
        const auto place = *rc::gen::inRange<std::size_t>(0, blob.size());
        blob[place] = static_cast<std::byte>(*rc::gen::arbitrary<unsigned char>());
    }
    const auto table = SymbolTable::parse(blob);
    if (!table) return;
    std::size_t seen = 0;
    for (std::uint32_t address : {0U, 0xC0100000U, 0xC0100011U, 0xFFFFFFFFU}) {
        if (const auto found = table->find(address))
            seen += found->name.scope.size() + found->name.name.size();
    }
    RC_ASSERT(seen <= 8 * blob.size());
    RC_ASSERT(!table->address_of("no such name").has_value());
}

}  // namespace
}  // namespace quire::kernel
