// FileJudge's comparisons of what a file system holds with the model.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/host/file_exchange.h"
#include "tests/host/file_judge.h"

namespace quire::test {

using fs::Attributes;
using fs::Node;
using fs::NodeKind;
using fs::NodeRef;

std::string where_they_differ(const std::string& real, const std::string& model) {
    if (real.size() != model.size())
        return std::to_string(real.size()) + " bytes where " + std::to_string(model.size()) +
               " were expected";
    const auto at = std::mismatch(real.begin(), real.end(), model.begin()).first - real.begin();
    return "byte " + std::to_string(at) + " is " +
           std::to_string(static_cast<unsigned char>(real[static_cast<std::size_t>(at)])) +
           " where " +
           std::to_string(static_cast<unsigned char>(model[static_cast<std::size_t>(at)])) +
           " was expected";
}

void FileJudge::adopt(ModelNode& directory, Node& real) {
    const auto own = real.attributes();
    ASSERT_TRUE(own.ok());
    directory.number = own.value().number;
    directory.permissions = own.value().permissions;
    Lister lister(kMostEntries);
    std::uint64_t position = 0;
    ASSERT_TRUE(real.read_directory(position, lister).ok());
    for (const Listed& entry : lister.found) {
        if (entry.name == "." || entry.name == "..") continue;
        ModelNode& node = model_.create(directory, entry.name, entry.kind);
        const auto found = real.look_up(entry.name);
        ASSERT_TRUE(found.ok());
        const auto known = found.value()->attributes();
        ASSERT_TRUE(known.ok());
        node.number = known.value().number;
        node.permissions = known.value().permissions;
        if (node.is_directory()) {
            adopt(node, *found.value());
        } else if (node.is(NodeKind::File)) {
            const auto size = static_cast<std::uint32_t>(known.value().bytes);
            StringSink sink(size);
            fs::ReadAhead ahead;
            ASSERT_TRUE(found.value()->read(0, size, sink, ahead).ok());
            node.bytes.write(0, sink.text);
        } else if (node.is(NodeKind::SymbolicLink)) {
            char target[4096];
            node.target.assign(target, found.value()->read_link(target).take());
        }
    }
}

// --- One node ---

std::string FileJudge::compare_attributes(const Attributes& real, const ModelNode& node) const {
    const auto differ = [](const char* what, std::uint64_t is, std::uint64_t expected) {
        return std::string(what) + " " + std::to_string(is) + " where " + std::to_string(expected) +
               " was expected";
    };
    if (real.kind != node.kind)
        return differ("kind", static_cast<unsigned>(real.kind), static_cast<unsigned>(node.kind));
    if (real.number != node.number) return differ("number", real.number, node.number);
    if (real.links != node.links) return differ("links", real.links, node.links);
    if (real.permissions != node.permissions)
        return differ("permissions", real.permissions, node.permissions);
    if (real.user != node.user) return differ("user", real.user, node.user);
    if (real.group != node.group) return differ("group", real.group, node.group);
    if (real.device != node.device) return differ("device", real.device, node.device);
    if (node.is(NodeKind::File) && real.bytes != node.bytes.size())
        return differ("bytes", real.bytes, node.bytes.size());
    if (node.is(NodeKind::SymbolicLink) && real.bytes != node.target.size())
        return differ("bytes", real.bytes, node.target.size());
    if (node.modified != 0 && real.modified.seconds != node.modified)
        return differ("modified", real.modified.seconds, node.modified);
    return "";
}

std::string FileJudge::compare_bytes(const ModelNode& node, Node& real, fs::ReadAhead& ahead,
                                     std::uint64_t at, std::uint32_t count) {
    StringSink sink(count);
    const auto got = real.read(at, count, sink, ahead);
    const std::string wrong = judge(error_of(got), {}, 0);
    if (!was_done_) return wrong;
    if (got.value() > sink.text.size()) return "read says more than it gave";
    const std::string expected = node.bytes.read(at, count);
    std::string text = sink.text.substr(0, got.value());
    if (tolerated_.has_value() && text.size() < expected.size())
        return text == expected.substr(0, text.size()) ? "" : "a short read of other bytes";
    return text == expected
               ? ""
               : where_they_differ(text, expected) + " (from " + std::to_string(at) + ")";
}

std::string FileJudge::compare_list(ModelNode& directory, Node& real, std::uint32_t at_a_time) {
    std::map<std::string, Listed> found;
    std::uint64_t position = 0;
    while (true) {
        Lister lister(at_a_time);
        const auto listed = real.read_directory(position, lister);
        const std::string wrong = judge(error_of(listed), {}, 0);
        if (!was_done_) return wrong;
        for (const Listed& entry : lister.found)
            if (!found.emplace(entry.name, entry).second) return "listed twice: " + entry.name;
        if (lister.found.size() < at_a_time) break;
        if (found.size() > kMostEntries) return "the list does not end";
    }
    if (found.erase(".") != 1 || found.erase("..") != 1) return "there is no . or no ..";
    for (const auto& [name, node] : directory.names) {
        const auto entry = found.find(name);
        if (entry == found.end()) return "not listed: " + name;
        if (entry->second.kind != node->kind) return "listed as another kind: " + name;
        if (entry->second.number != node->number) return "listed with another number: " + name;
        found.erase(entry);
    }
    return found.empty() ? "" : "listed, and not there: " + found.begin()->first;
}

// --- Everything ---

std::string FileJudge::check_node(ModelNode& node) {
    FIND(real, node);
    const auto known = real.attributes();
    const std::string wrong = judge(error_of(known), {}, 0);
    if (!was_done_) return wrong;
    return compare_attributes(known.value(), node);
}

std::string FileJudge::check_all() {
    for (ModelNode* node : model_.nodes([](const ModelNode&) { return true; })) {
        std::string wrong = check_node(*node);
        const auto real = find(*node);
        if (wrong.empty() && real.ok()) {
            fs::ReadAhead ahead;
            const bool is_removed = node->places.empty() && node != &model_.root();
            if (node->is(NodeKind::File))
                wrong = compare_bytes(*node, *real.value(), ahead, 0,
                                      static_cast<std::uint32_t>(node->bytes.size()));
            if (node->is_directory() && !is_removed) wrong = compare_list(*node, *real.value(), 16);
        }
        if (!wrong.empty())
            return (node->places.empty() ? "(no name)" : model_.path(*node)) + ": " + wrong;
    }
    return "";
}

std::string FileJudge::compare(const std::map<std::string, NodeOnDisk>& disk) {
    std::size_t names = 0;
    for (ModelNode* node : model_.nodes([](const ModelNode&) { return true; })) {
        const auto paths =
            node == &model_.root() ? std::vector<std::string>{"/"} : model_.paths(*node);
        for (const std::string& path : paths) {
            const auto found = disk.find(path);
            if (found == disk.end()) return "debugfs does not find " + path;
            const NodeOnDisk& real = found->second;
            ++names;
            const auto seen = [](std::uint32_t kind, const auto& known) {
                return "kind " + std::to_string(kind) + " number " + std::to_string(known.number) +
                       " permissions " + std::to_string(known.permissions) + " user " +
                       std::to_string(known.user) + " group " + std::to_string(known.group) +
                       " links " + std::to_string(known.links);
            };
            const std::string is = seen(real.kind, real);
            const std::string should_be = seen(static_cast<std::uint32_t>(node->kind), *node);
            if (is != should_be) return path + ": debugfs sees " + is + ", not " + should_be;
            const std::string expected =
                node->is(NodeKind::File) ? node->bytes.all() : node->target;
            if (!node->is_directory() && real.bytes != expected)
                return path + ", as debugfs sees it: " + where_they_differ(real.bytes, expected);
        }
    }
    return names == disk.size() ? "" : "debugfs finds more names than there should be";
}

}  // namespace quire::test
