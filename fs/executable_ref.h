// A counted use of a file as a program: as long as there is one nobody can open it to write
// (ETXTBSY), and while somebody has it open to write there can be none. execve(2), open(2).
#pragma once

#include <utility>

#include "fs/node.h"

namespace quire::fs {

class ExecutableRef {
  public:
    ExecutableRef() = default;
    /// Errors: TextBusy.
    static Result<ExecutableRef> create(NodeRef node) {
        TRY(node->add_runner());
        return ExecutableRef(std::move(node));
    }
    /// A copy, as fork makes, always can be: nobody writes the file.
    ExecutableRef(const ExecutableRef& other) : node_(other.node_) {
        if (!node_) return;
        const bool added = node_->add_runner().ok();
        ASSERT(added);
    }
    ExecutableRef(ExecutableRef&& other) noexcept = default;
    ExecutableRef& operator=(ExecutableRef other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~ExecutableRef() {
        if (node_) node_->drop_runner();
    }

    [[nodiscard]] const NodeRef& node() const { return node_; }
    [[nodiscard]] Node* get() const { return node_.get(); }
    [[nodiscard]] Node& operator*() const { return *node_; }
    [[nodiscard]] Node* operator->() const { return node_.get(); }
    explicit operator bool() const { return static_cast<bool>(node_); }

  private:
    explicit ExecutableRef(NodeRef node) : node_(std::move(node)) {}

    NodeRef node_;
};

}  // namespace quire::fs
