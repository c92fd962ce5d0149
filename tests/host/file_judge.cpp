#include "tests/host/file_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

#include "tests/host/file_exchange.h"

namespace quire::test {

using fs::Attributes;
using fs::Node;
using fs::NodeKind;
using fs::NodeRef;

namespace {

constexpr NodeKind kCreatable[] = {
    NodeKind::File,      NodeKind::File,         NodeKind::File, NodeKind::File,
    NodeKind::File,      NodeKind::File,         NodeKind::File, NodeKind::Directory,
    NodeKind::Directory, NodeKind::SymbolicLink, NodeKind::Pipe, NodeKind::CharacterDevice,
    NodeKind::Socket,    NodeKind::BlockDevice,  NodeKind::File, NodeKind::Directory};

// Around the longest target that fits into an inode.
constexpr std::size_t kTargets[] = {1, 59, 60, 61, 5, 300, 58, 1000};

std::string bytes_for(const FileStep& step) {
    std::string bytes(step.size, '\0');
    for (std::uint32_t i = 0; i < step.size; ++i)
        bytes[i] = static_cast<char>(1 + (step.value * 31 + (step.at + i) * 7 + (i >> 9)) % 255);
    return bytes;
}

std::span<const std::byte> as_bytes(const std::string& text) {
    return std::as_bytes(std::span(text));
}

}  // namespace

FileFigures& FileFigures::operator+=(const FileFigures& other) {
    for (std::uint32_t i = 0; i < kFileCalls; ++i) {
        done[i] += other.done[i];
        refused[i] += other.refused[i];
    }
    full += other.full;
    tolerated += other.tolerated;
    skipped += other.skipped;
    return *this;
}

std::uint32_t FileFigures::steps() const {
    std::uint32_t sum = skipped;
    for (std::uint32_t i = 0; i < kFileCalls; ++i)
        sum += done[i] + refused[i];
    return sum;
}

FileJudge::FileJudge(FileHost& host) : host_(host) {
    const Result<NodeRef> root = host_.files().root();
    EXPECT_TRUE(root.ok());
    if (root.ok()) adopt(model_.root(), *root.value());
}

// --- Choosing ---

ModelNode* FileJudge::some_directory(std::uint32_t who) {
    const auto all = model_.nodes([&](const ModelNode& node) {
        return node.is_directory() && (node.parent != nullptr || &node == &model_.root());
    });
    return all[who % all.size()];
}

ModelNode* FileJudge::some_file(std::uint32_t who) {
    const auto all = model_.nodes([](const ModelNode& node) { return node.is(NodeKind::File); });
    return all.empty() ? nullptr : all[who % all.size()];
}

ModelNode* FileJudge::some_node(std::uint32_t who) {
    const auto all = model_.nodes([](const ModelNode&) { return true; });
    return all[who % all.size()];
}

Result<NodeRef> FileJudge::find(const ModelNode& node) {
    for (Slot& slot : slots_)
        if (slot.node == &node) return NodeRef(*slot.ref);
    NodeRef here = TRY(host_.files().root());
    if (&node == &model_.root()) return here;
    std::string path = model_.path(node).substr(1);
    while (true) {
        const std::string name = path.substr(0, path.find('/'));
        here = TRY(here->look_up(name));
        if (name.size() == path.size()) return here;
        path.erase(0, name.size() + 1);
    }
}

// --- Judging ---

bool FileJudge::is_full(std::uint32_t needs) {
    const fs::FileSystemFigures figures = host_.files().figures();
    return figures.available_blocks < needs || figures.free_nodes == 0;
}

std::string FileJudge::judge(std::optional<Error> answer, const Refusals& refusals,
                             std::uint32_t needs) {
    const auto call = static_cast<std::uint32_t>(call_);
    was_done_ = false;
    if (!answer.has_value()) {
        if (!refusals.empty())
            return std::string("it was done where ") + error_name(refusals[0]) + " was expected";
        ++figures_.done[call];
        was_done_ = true;
        return "";
    }
    ++figures_.refused[call];
    if (std::find(refusals.begin(), refusals.end(), *answer) != refusals.end()) return "";
    if (answer == tolerated_) {
        ++figures_.tolerated;
        return "";
    }
    if (answer == Error::NoSpace && needs != 0 && is_full(needs)) {
        ++figures_.full;
        return "";
    }
    return std::string(error_name(*answer)) + " where " +
           (refusals.empty() ? "success" : error_name(refusals[0])) + " was expected";
}

// --- Steps ---

std::string FileJudge::step(const FileStep& step) {
    call_ = step.call;
    now_ = host_.tick();
    last_synced_ = nullptr;
    std::string wrong = carry_out(step);
    host_.check();
    return wrong;
}

std::string FileJudge::carry_out(const FileStep& step) {
    switch (step.call) {
    case FileCall::Create:
        return create(step);
    case FileCall::Write:
        return write(step);
    case FileCall::Read:
        return read(step);
    case FileCall::Resize:
        return resize(step);
    case FileCall::Link:
        return link(step);
    case FileCall::Remove:
        return remove(step);
    case FileCall::Rename:
        return rename(step);
    case FileCall::LookUp:
        return look_up(step);
    case FileCall::List:
        return list(step);
    case FileCall::Clear:
        return clear(step);
    case FileCall::ReadLink:
        return read_link(step);
    case FileCall::Attributes:
        return attributes(step);
    case FileCall::Change:
        return change(step);
    case FileCall::Open:
        return open(step);
    case FileCall::Close:
        return close(step);
    case FileCall::Sync:
        return sync(step);
    case FileCall::SyncAll:
        return judge(error_of(host_.files().sync()), {}, 0);
    case FileCall::Remount:
        return remount();
    case FileCall::Reclaim:
        host_.reclaim(step.value % 2 == 0);
        return judge(std::nullopt, {}, 0);
    case FileCall::Check:
        return check_all();
    }
    return "no such call";
}

std::string FileJudge::create(const FileStep& step) {
    ModelNode& directory = *some_directory(step.who);
    FIND(real, directory);
    const std::string name = file_name(step.name);
    const std::string target(kTargets[step.to % std::size(kTargets)],
                             static_cast<char>('a' + step.to_name % 26));
    fs::NewNode wanted;
    wanted.kind = kCreatable[step.value % std::size(kCreatable)];
    wanted.permissions = static_cast<std::uint16_t>(step.at % 4096);
    wanted.user = step.size * 3;
    wanted.group = step.size;
    if (wanted.kind == NodeKind::CharacterDevice || wanted.kind == NodeKind::BlockDevice)
        wanted.device = step.to << 8 | step.to_name;
    if (wanted.kind == NodeKind::SymbolicLink) wanted.target = target;
    const auto made = real.create(name, wanted);
    const std::string wrong = judge(error_of(made), model_.may_create(directory, name), 8);
    if (!was_done_) return wrong;
    ModelNode& node = model_.create(directory, name, wanted.kind);
    node.permissions = wanted.permissions;
    node.user = wanted.user;
    node.group = wanted.group;
    node.device = wanted.device;
    node.target = wanted.target;
    node.modified = directory.modified = now_;
    const auto known = made.value()->attributes();
    if (!known.ok()) return "a new node has no attributes";
    node.number = known.value().number;
    return compare_attributes(known.value(), node);
}

std::string FileJudge::write(const FileStep& step) {
    ModelNode* file = some_file(step.who);
    if (file == nullptr) return ++figures_.skipped, "";
    FIND(real, *file);
    const std::string bytes = bytes_for(step);
    fs::MemorySource source(as_bytes(bytes));
    const auto written = real.write(step.at, step.size, source);
    // Blocks at the finest grain, the indirect ones, and those that a page at the edge has more.
    const std::uint32_t needs = step.size / 1024 + step.size / (256 * 1024) + 24;
    const std::string wrong = judge(error_of(written), {}, needs);
    if (!was_done_) return wrong;
    const std::uint32_t count = written.value();
    if (count > step.size) return "more was written than was given";
    if (count < step.size) {
        if (count == 0) return "nothing was written, without an error";
        if (!is_full(needs) && !tolerated_.has_value()) return "a short write, and there is room";
        ++figures_.full;
    }
    if (count == 0) return "";
    file->bytes.write(step.at, std::string_view(bytes).substr(0, count));
    file->modified = now_;
    return "";
}

std::string FileJudge::read(const FileStep& step) {
    ModelNode* file = some_file(step.who);
    if (file == nullptr) return ++figures_.skipped, "";
    FIND(real, *file);
    fs::ReadAhead fresh;
    fs::ReadAhead* ahead = &fresh;
    for (Slot& slot : slots_)
        if (slot.node == file) ahead = &slot.ahead;
    return compare_bytes(*file, real, *ahead, step.at, step.size);
}

std::string FileJudge::resize(const FileStep& step) {
    ModelNode* file = some_file(step.who);
    if (file == nullptr) return ++figures_.skipped, "";
    FIND(real, *file);
    const std::uint64_t size = step.value == 77 ? std::uint64_t{1} << 50 : step.size;
    const Refusals refusals = step.value == 77 ? Refusals{Error::FileTooBig} : Refusals{};
    const std::string wrong = judge(error_of(real.resize(size)), refusals, 8);
    if (!was_done_) return wrong;
    file->modified = size == file->bytes.size() ? 0 : now_;
    file->bytes.resize(size);
    return "";
}

std::string FileJudge::link(const FileStep& step) {
    const auto all = model_.nodes(
        [](const ModelNode& node) { return !node.is_directory() && !node.places.empty(); });
    if (all.empty()) return ++figures_.skipped, "";
    ModelNode& node = *all[step.who % all.size()];
    ModelNode& directory = *some_directory(step.to);
    FIND(real, node);
    FIND(place, directory);
    const std::string name = file_name(step.to_name);
    const std::string wrong =
        judge(error_of(place.link(name, real)), model_.may_link(directory, name), 8);
    if (!was_done_) return wrong;
    model_.link(directory, name, node);
    directory.modified = now_;
    return "";
}

std::string FileJudge::remove(const FileStep& step) {
    ModelNode& directory = *some_directory(step.who);
    // Mostly one that is there, and in the way that suits it.
    std::string name = file_name(step.name);
    if (step.at % 3 != 0 && !directory.names.empty())
        name = std::next(directory.names.begin(),
                         static_cast<std::ptrdiff_t>(step.name % directory.names.size()))
                   ->first;
    ModelNode* node = FileModel::find(directory, name);
    bool as_directory = step.value % 2 == 1;
    if (step.at % 4 != 0 && node != nullptr) as_directory = node->is_directory();
    FIND(real, directory);
    const std::string wrong = judge(error_of(real.remove(name, as_directory)),
                                    model_.may_remove(directory, name, as_directory), 0);
    if (!was_done_) return wrong;
    model_.remove(directory, name);
    directory.modified = now_;
    return "";
}

std::string FileJudge::rename(const FileStep& step) {
    ModelNode& from = *some_directory(step.who);
    ModelNode& to = *some_directory(step.to);
    std::string old_name = file_name(step.name);
    if (step.at % 5 != 0 && !from.names.empty())
        old_name = std::next(from.names.begin(),
                             static_cast<std::ptrdiff_t>(step.name % from.names.size()))
                       ->first;
    std::string new_name = file_name(step.to_name);
    if (step.at % 2 == 0 && !to.names.empty())
        new_name =
            std::next(to.names.begin(), static_cast<std::ptrdiff_t>(step.to_name % to.names.size()))
                ->first;
    const bool no_replace = step.value % 8 == 0;
    FIND(source, from);
    FIND(target, to);
    const std::string wrong = judge(error_of(source.rename(old_name, target, new_name, no_replace)),
                                    model_.may_rename(from, old_name, to, new_name, no_replace), 8);
    if (!was_done_) return wrong;
    if (FileModel::find(to, new_name) == FileModel::find(from, old_name)) return "";
    model_.rename(from, old_name, to, new_name);
    from.modified = to.modified = now_;
    return "";
}

std::string FileJudge::look_up(const FileStep& step) {
    ModelNode& directory = *some_directory(step.who);
    const std::string name = file_name(step.name);
    ModelNode* node = FileModel::find(directory, name);
    FIND(real, directory);
    const auto found = real.look_up(name);
    const std::string wrong =
        judge(error_of(found), node == nullptr ? Refusals{Error::NotFound} : Refusals{}, 0);
    if (!was_done_) return wrong;
    const auto known = found.value()->attributes();
    if (!known.ok()) return judge(known.error(), {}, 0);
    return compare_attributes(known.value(), *node);
}

std::string FileJudge::list(const FileStep& step) {
    ModelNode& directory = *some_directory(step.who);
    FIND(real, directory);
    return compare_list(directory, real, 1 + step.size % 50);
}

// As rm -r does it: what was listed is removed before the list goes on.
std::string FileJudge::clear(const FileStep& step) {
    ModelNode& directory = *some_directory(step.who);
    if (&directory == &model_.root()) return ++figures_.skipped, "";
    FIND(real, directory);
    std::set<std::string> left;
    for (const auto& [name, node] : directory.names)
        left.insert(name);
    std::uint64_t position = 0;
    while (true) {
        Lister lister(1 + step.size % 7);
        const std::string wrong = judge(error_of(real.read_directory(position, lister)), {}, 0);
        if (!was_done_) return wrong;
        if (lister.found.empty()) break;
        for (const Listed& entry : lister.found) {
            if (entry.name == "." || entry.name == "..") continue;
            if (left.erase(entry.name) != 1) return "visited twice, or never there: " + entry.name;
            if (entry.kind == NodeKind::Directory) continue;
            const std::string refused = judge(error_of(real.remove(entry.name, false)), {}, 0);
            if (!was_done_) return refused;
            model_.remove(directory, entry.name);
            directory.modified = now_;
        }
    }
    return left.empty() ? "" : "never visited: " + *left.begin();
}

std::string FileJudge::read_link(const FileStep& step) {
    const auto all =
        model_.nodes([](const ModelNode& node) { return node.is(NodeKind::SymbolicLink); });
    if (all.empty()) return ++figures_.skipped, "";
    ModelNode& node = *all[step.who % all.size()];
    FIND(real, node);
    std::string target(1 + step.size, '\0');
    const auto got = real.read_link(target);
    const std::string wrong = judge(error_of(got), {}, 0);
    if (!was_done_) return wrong;
    target.resize(std::min<std::size_t>(got.value(), target.size()));
    return target == node.target.substr(0, 1 + step.size) ? "" : "another target: " + target;
}

std::string FileJudge::attributes(const FileStep& step) {
    return check_node(*some_node(step.who));
}

std::string FileJudge::change(const FileStep& step) {
    ModelNode& node = *some_node(step.who);
    FIND(real, node);
    fs::AttributeChange change;
    if ((step.value & 1) != 0) change.permissions = static_cast<std::uint16_t>(step.at % 4096);
    if ((step.value & 2) != 0) change.user = step.size * 5;  // more than 16 bits
    if ((step.value & 4) != 0) change.group = step.at;
    if ((step.value & 8) != 0) change.modified = fs::Timestamp{step.size + 1, 0};
    if ((step.value & 16) != 0) change.accessed = fs::Timestamp{step.at + 1, 0};
    const std::string wrong = judge(error_of(real.change(change)), {}, 0);
    if (!was_done_) return wrong;
    node.permissions = change.permissions.value_or(static_cast<std::uint16_t>(node.permissions));
    node.user = change.user.value_or(node.user);
    node.group = change.group.value_or(node.group);
    if (change.modified.has_value()) node.modified = change.modified->seconds;
    const auto known = real.attributes();
    if (!known.ok()) return judge(known.error(), {}, 0);
    if (change.accessed.has_value() && known.value().accessed != *change.accessed)
        return "another time of access";
    if (known.value().changed.seconds != now_) return "`changed` is not now";
    return compare_attributes(known.value(), node);
}

std::string FileJudge::open(const FileStep& step) {
    ModelNode& node = *some_node(step.who);
    if (node.places.empty() && &node != &model_.root()) return ++figures_.skipped, "";
    const auto found = find(node);
    const std::string wrong = judge(error_of(found), {}, 0);
    if (!was_done_) return wrong;
    Slot& slot = slots_[step.value % kSlots];
    model_.open(node);
    if (slot.node != nullptr) model_.close(*slot.node);
    slot = {&node, found.value(), {}};
    return "";
}

std::string FileJudge::close(const FileStep& step) {
    Slot& slot = slots_[step.value % kSlots];
    if (slot.node == nullptr) return ++figures_.skipped, "";
    slot.ref = {};
    model_.close(*slot.node);
    slot.node = nullptr;
    return judge(std::nullopt, {}, 0);
}

void FileJudge::close_all() {
    for (Slot& slot : slots_) {
        slot.ref = {};
        if (slot.node != nullptr) model_.close(*slot.node);
        slot.node = nullptr;
    }
}

std::string FileJudge::sync(const FileStep& step) {
    ModelNode& node = *some_node(step.who);
    FIND(real, node);
    const std::string wrong = judge(error_of(real.sync(step.value % 4 == 0)), {}, 0);
    if (was_done_) last_synced_ = &node;
    return wrong;
}

std::string FileJudge::remount() {
    close_all();
    return judge(host_.remount(), {}, 0);
}

}  // namespace quire::test
