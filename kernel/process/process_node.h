// A file, directory or link of /proc about one process.
//
//     /proc/12          /proc/12/status, maps, ...     /proc/12/fd      /proc/12/fd/0, exe, cwd
//     a directory       texts, made when read          a directory      links, told when read
//
//     /proc/12/task     /proc/12/task/14/status, ...
//     a directory       the same about one thread
//
// Nodes are made by ProcessFiles for who looks them up, and go with their last user. A node knows
// its process by number and birth: when that process has gone it answers NoSuchProcess (ESRCH),
// though somebody else may have the number by then.
#pragma once

#include <cstdint>
#include <string_view>

#include "fs/node.h"
#include "kernel/process/proc_texts.h"
#include "mm/text_writer.h"

namespace quire::kernel {

class ProcessFiles;

/// What a name in /proc/PID stands for.
struct ProcessEntry {
    enum class Kind : std::uint8_t { Text, Link, Pages, Descriptors, Threads };
    const char* name;
    std::uint16_t permissions;
    Kind kind;
    bool is_private;  // only for who may trace the process
    /// Text: writes all of it, the same however often it is called.
    Result<void> (*write)(ProcessFiles& files, const ProcSubject& about, const mm::TextWriter& out);
    /// What a program has written, or nullptr: cannot be written.
    Result<void> (*set)(ProcessFiles& files, const ProcSubject& about, std::string_view text);
    /// Link: the node it leads to, or nullptr: there is none.
    fs::Node* (*target)(const ProcSubject& about) = nullptr;
};

class ProcessNode final : public fs::Node {
  public:
    /// What it is: one of the entries, or without one the directory of a process or thread, one of
    /// the descriptors, or /proc/self and /proc/thread-self.
    enum class Role : std::uint8_t { Directory, Entry, Descriptor, Self, ThreadSelf };
    static constexpr std::uint32_t kNumbersEach = 1 << 12;  // inode numbers of a process or thread

    /// `about` nullptr: of the caller.
    ProcessNode(ProcessFiles& files, Role role, const ProcSubject* about, std::uint32_t index);

    Result<fs::Attributes> attributes() override;
    Result<void> change(const fs::AttributeChange&) override { return Error::NotPermitted; }

    Result<fs::NodeRef> look_up(std::string_view name) override;
    Result<void> read_directory(std::uint64_t& position, fs::DirectoryVisitor& visitor) override;
    Result<fs::NodeRef> parent() override;

    Result<std::uint32_t> read_link(std::span<char> room) override;
    /// Errors: AccessDenied (the caller may not trace the process); NotFound; NoSuchProcess.
    Result<fs::NodeRef> leads_to() override;

    /// Errors: AccessDenied (private, and the caller may not trace the process); NoSuchProcess.
    Result<void> opened(fs::OpenMode mode) override;
    Result<std::uint32_t> read(std::uint64_t offset, std::uint32_t bytes, fs::ByteSink& to,
                               fs::ReadAhead& ahead) override;
    Result<std::uint32_t> write(std::uint64_t offset, std::uint32_t bytes,
                                fs::ByteSource& from) override;
    /// Opened with O_TRUNC: nothing is kept that could be cut.
    Result<void> resize(std::uint64_t) override { return {}; }

  private:
    void last_user_gone() override;
    /// Whether it is an entry of this kind.
    [[nodiscard]] bool is_entry(ProcessEntry::Kind kind) const;
    [[nodiscard]] Result<ProcSubject> subject() const;
    /// subject(), if the caller may know what is private.
    [[nodiscard]] Result<ProcSubject> traced_subject() const;
    [[nodiscard]] ProcSubject subject_in(Process& process) const;
    [[nodiscard]] std::uint32_t first_number() const;
    [[nodiscard]] std::uint32_t number() const;
    /// Of the directory it is in.
    [[nodiscard]] std::uint32_t number_above() const;
    Result<fs::NodeRef> look_up_entry(const ProcSubject& about, std::string_view name);
    Result<fs::NodeRef> look_up_descriptor(const ProcSubject& about, std::string_view name);
    Result<fs::NodeRef> look_up_thread(Process& process, std::string_view name);
    [[nodiscard]] std::uint16_t permissions() const;
    Result<void> describe_descriptor(const ProcSubject& about, fs::Attributes& link) const;
    Result<void> write_target(fs::Node& target, const mm::TextWriter& out);
    Result<std::uint32_t> read_pages(Process& process, std::uint64_t offset, std::uint32_t bytes,
                                     fs::ByteSink& to);
    Result<void> read_entries(std::uint64_t& position, fs::DirectoryVisitor& visitor) const;
    Result<void> read_descriptors(std::uint64_t& position, fs::DirectoryVisitor& visitor) const;
    Result<void> read_threads(std::uint64_t& position, fs::DirectoryVisitor& visitor) const;

    ProcessFiles& files_;
    Role role_;
    ProcessId pid_ = 0;
    std::uint64_t birth_ = 0;         // the process's start_time
    ProcessId tid_ = 0;               // 0: it is about the whole process
    std::uint64_t thread_birth_ = 0;  // 0: about a leader, which stays for good
    std::uint32_t index_;             // of the entry, or the descriptor
};

}  // namespace quire::kernel
