#include "mm/policy_set.h"

namespace quire::mm {

PolicySet::PolicySet(FrameTable& table, std::span<std::uint8_t> marks, PolicyKind kind)
    : fifo_(table),
      clock_(table),
      aging_(table, marks),
      two_lists_(table, marks),
      generations_(table, marks),
      kind_(kind) {
    ASSERT(marks.size() >= table.end().raw());
}

ReplacementPolicy& PolicySet::policy(PolicyKind kind) {
    switch (kind) {
    case PolicyKind::Fifo:
        return fifo_;
    case PolicyKind::Clock:
        return clock_;
    case PolicyKind::Aging:
        return aging_;
    case PolicyKind::TwoLists:
        return two_lists_;
    case PolicyKind::Generations:
        break;
    }
    return generations_;
}

const ReplacementPolicy& PolicySet::policy(PolicyKind kind) const {
    return const_cast<PolicySet*>(this)->policy(kind);
}

std::optional<PolicyKind> PolicySet::find(std::span<const char> name) const {
    for (const PolicyKind kind : kPolicyKinds) {
        const char* ours = policy(kind).name();
        std::size_t same = 0;
        while (same < name.size() && ours[same] != '\0' && ours[same] == name[same])
            ++same;
        if (same == name.size() && ours[same] == '\0') return kind;
    }
    return std::nullopt;
}

void PolicySet::change_to(PolicyKind kind) {
    if (kind == kind_) return;
    ReplacementPolicy& old = current();
    kind_ = kind;
    hand_over(old, current());
}

void PolicySet::check_invariants() const {
    for (const PolicyKind kind : kPolicyKinds)
        ASSERT(kind == kind_ || policy(kind).count() == PageCount());
    current().check_invariants();
}

}  // namespace quire::mm
