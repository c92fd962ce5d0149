// Rows of poll(2) and select(2), and their forms with a signal mask: ppoll, pselect6.
//
// All fill a PollSet, sleep until it has something to tell, a signal comes or the time is over, and
// write down what it tells. No handler lets them begin again: they are EINTR. (Linux: fs/select.c.)
#include "kernel/call_support.h"
#include "kernel/process/poll_set.h"
#include "kernel/process/signal_delivery.h"
#include "kernel/process/user_time.h"

namespace quire::kernel {
namespace {

constexpr std::uint64_t kAtOnce = 0;
constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

// How many entries have something to tell: 0 when the time is over.
CallResult wait_for(SystemCall& call, PollSet& set, std::uint64_t deadline) {
    for (;;) {
        const std::uint32_t count = set.look();
        if (count != 0 || deadline == kAtOnce) return count;
        const Result<void> slept = call.processes().sleep_on(set.changes(), deadline);
        if (slept.ok()) continue;
        if (slept.error() == Error::TimedOut) return set.look();
        return slept.error();
    }
}

std::uint64_t deadline_in(const SystemCall& call, std::uint64_t span) {
    return span == 0 ? kAtOnce : call.deadline_in(span);
}

// Of a timespec; 0: none.
template <typename Spec>
Result<std::uint64_t> deadline_at(const SystemCall& call, mm::VirtAddr time) {
    if (time == mm::VirtAddr()) return Processes::kNever;
    return deadline_in(call, TRY(read_time<Spec>(time)));
}

std::uint64_t rest_until(const SystemCall& call, std::uint64_t deadline) {
    const std::uint64_t now = call.processes().now();
    return deadline > now ? deadline - now : 0;
}

// The time that is left is written back, where there is a place for it that can be written.
template <typename Time>
void tell_rest(mm::VirtAddr place, const Time& rest) {
    if (place != mm::VirtAddr()) (void)user::write(place, rest).ok();
}

// Blocks other signals for a call. What a signal interrupts keeps them until its handler runs.
class TemporaryMask {
  public:
    TemporaryMask(Thread& thread, std::optional<SignalSet> mask)
        : thread_(thread), active_(mask.has_value()) {
        if (!active_) return;
        thread.blocked_before = thread.blocked;
        set_blocked(thread, *mask);
    }
    TemporaryMask(const TemporaryMask&) = delete;
    TemporaryMask& operator=(const TemporaryMask&) = delete;

    /// The call has come to this result.
    CallResult end(const CallResult& result) {
        const bool interrupted = !result.ok() && result.error() == Error::Interrupted;
        if (!active_ || interrupted) return result;
        set_blocked(thread_, *thread_.blocked_before);
        thread_.blocked_before.reset();
        return result;
    }

  private:
    Thread& thread_;
    bool active_;
};

// 0: no mask.
Result<std::optional<SignalSet>> mask_at(mm::VirtAddr mask, std::uint32_t bytes) {
    if (mask == mm::VirtAddr()) return std::optional<SignalSet>();
    if (bytes != sizeof(std::uint64_t)) return Error::InvalidArgument;
    return std::optional(SignalSet(TRY(user::read<std::uint64_t>(mask))));
}

// --- poll ----------------------------------------------------------------------------------------

Result<void> fill(const SystemCall& call, PollSet& set) {
    const std::uint32_t count = call.argument(1);
    fs::FileCalls files = files_of(call);
    if (count > files.descriptors().limit()) return Error::InvalidArgument;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto wish = TRY(user::read<abi::PollDescriptor>(
            call.pointer(0) + i * std::uint32_t{sizeof(abi::PollDescriptor)}));
        Result<fs::FileRef> file = files.file(static_cast<fs::Descriptor>(wish.descriptor));
        TRY(set.add(wish.descriptor, wish.wanted, file.ok() ? file.take() : fs::FileRef()));
    }
    return {};
}

Result<void> tell(const SystemCall& call, PollSet& set) {
    mm::VirtAddr at = call.pointer(0) + offsetof(abi::PollDescriptor, found);
    return set.for_each([&at](const PollSet::Entry& entry) -> Result<void> {
        TRY(user::write(at, entry.found));
        at += sizeof(abi::PollDescriptor);
        return {};
    });
}

CallResult poll_until(SystemCall& call, std::uint64_t deadline) {
    PollSet set(call.processes().memory().user_memory());
    TRY(fill(call, set));
    const std::uint32_t count = TRY(wait_for(call, set, deadline));
    TRY(tell(call, set));
    return count;
}

CallResult call_poll(SystemCall& call) {
    const std::int32_t milliseconds = call.signed_argument(2);
    if (milliseconds < 0) return poll_until(call, Processes::kNever);
    return poll_until(call, deadline_in(call, static_cast<std::uint64_t>(milliseconds) *
                                                  kNanosecondsPerMillisecond));
}
SYSTEM_CALL(168, poll, call_poll, CallTraits::resuming());

template <typename Spec>
CallResult ppoll(SystemCall& call) {
    const std::uint64_t deadline = TRY(deadline_at<Spec>(call, call.pointer(2)));
    TemporaryMask mask(call.thread(), TRY(mask_at(call.pointer(3), call.argument(4))));
    const CallResult result = mask.end(poll_until(call, deadline));
    tell_rest(call.pointer(2), spec_of<Spec>(rest_until(call, deadline)));
    return result;
}
SYSTEM_CALL(309, ppoll, ppoll<abi::TimeSpec>, CallTraits::resuming());
SYSTEM_CALL(414, ppoll_time64, ppoll<abi::TimeSpec64>, CallTraits::resuming());

// --- select --------------------------------------------------------------------------------------

// What readiness makes a descriptor stay in which of the three sets.
struct SetKind {
    std::uint16_t wanted;
    std::uint16_t counts;
};
constexpr SetKind kSetKinds[] = {
    {abi::kPollIn, abi::kPollIn | abi::kPollHangUp | abi::kPollError},
    {abi::kPollOut, abi::kPollOut | abi::kPollError},
    {abi::kPollPriority, abi::kPollPriority},
};
constexpr std::uint32_t kWordBits = 32;

// The three sets of a call: up to 1,024 descriptors, a bit each.
struct SelectSets {
    static constexpr std::uint32_t kWords = fs::DescriptorTable::kMost / kWordBits;

    std::uint32_t count = 0;  // of descriptors
    mm::VirtAddr places[3];
    std::uint32_t bits[3][kWords] = {};

    [[nodiscard]] std::uint32_t bytes() const { return divide_up(count, kWordBits) * 4; }
    Result<void> read() {
        for (unsigned i = 0; i < 3; ++i)
            if (places[i] != mm::VirtAddr()) TRY(user::copy_from(bits[i], places[i], bytes()));
        return {};
    }
    Result<void> write() const {
        for (unsigned i = 0; i < 3; ++i)
            if (places[i] != mm::VirtAddr()) TRY(user::copy_to(places[i], bits[i], bytes()));
        return {};
    }
};

Result<void> fill(const SystemCall& call, const SelectSets& sets, PollSet& set) {
    fs::FileCalls files = files_of(call);
    for (std::uint32_t descriptor = 0; descriptor < sets.count; ++descriptor) {
        std::uint32_t wanted = 0;
        for (unsigned i = 0; i < 3; ++i)
            if ((sets.bits[i][descriptor / kWordBits] >> descriptor % kWordBits & 1) != 0)
                wanted |= kSetKinds[i].wanted;
        if (wanted == 0) continue;
        fs::FileRef file = TRY(files.file(descriptor));
        TRY(set.add(static_cast<std::int32_t>(descriptor), static_cast<std::uint16_t>(wanted),
                    std::move(file)));
    }
    return {};
}

// Leaves in the sets what there is to tell, and counts it.
std::uint32_t tell(SelectSets& sets, PollSet& set) {
    std::uint32_t count = 0;
    for (auto& words : sets.bits)
        for (std::uint32_t& word : words)
            word = 0;
    (void)set.for_each([&](const PollSet::Entry& entry) -> Result<void> {
        const auto descriptor = static_cast<std::uint32_t>(entry.descriptor);
        for (unsigned i = 0; i < 3; ++i) {
            if ((entry.wanted & kSetKinds[i].wanted) == 0) continue;
            if ((entry.found & kSetKinds[i].counts) == 0) continue;
            sets.bits[i][descriptor / kWordBits] |= 1U << descriptor % kWordBits;
            ++count;
        }
        return {};
    });
    return count;
}

CallResult select_until(SystemCall& call, std::uint64_t deadline) {
    const std::int32_t wanted = call.signed_argument(0);
    if (wanted < 0) return Error::InvalidArgument;
    constexpr std::uint32_t kMost = fs::DescriptorTable::kMost;
    SelectSets sets;
    sets.count =
        static_cast<std::uint32_t>(wanted) < kMost ? static_cast<std::uint32_t>(wanted) : kMost;
    for (unsigned i = 0; i < 3; ++i)
        sets.places[i] = call.pointer(1 + i);
    TRY(sets.read());
    PollSet set(call.processes().memory().user_memory());
    TRY(fill(call, sets, set));
    TRY(wait_for(call, set, deadline));
    const std::uint32_t count = tell(sets, set);
    TRY(sets.write());
    return count;
}

// More than a second's microseconds are seconds, in this call alone. (Linux: kern_select.)
abi::TimeValue carried(abi::TimeValue value) {
    constexpr std::int32_t kSecond = 1000000;
    if (value.microseconds < kSecond || value.seconds < 0) return value;
    const std::int32_t carry = value.microseconds / kSecond;
    if (value.seconds <= INT32_MAX - carry) value.seconds += carry;
    value.microseconds %= kSecond;
    return value;
}

CallResult call_select(SystemCall& call) {
    const mm::VirtAddr place = call.pointer(4);
    std::uint64_t deadline = Processes::kNever;
    if (place != mm::VirtAddr()) {
        const auto value = TRY(user::read<abi::TimeValue>(place));
        deadline = deadline_in(call, TRY(nanoseconds_of(carried(value))));
    }
    const CallResult result = select_until(call, deadline);
    tell_rest(place, time_value(rest_until(call, deadline)));
    return result;
}
SYSTEM_CALL(142, _newselect, call_select, CallTraits::resuming());

// The sixth argument points at the mask's address and size.
template <typename Spec>
CallResult pselect6(SystemCall& call) {
    struct MaskArgument {
        mm::VirtAddr mask;
        std::uint32_t bytes;
    };
    MaskArgument argument{};
    if (call.pointer(5) != mm::VirtAddr())
        argument = TRY(user::read<MaskArgument>(call.pointer(5)));
    const std::uint64_t deadline = TRY(deadline_at<Spec>(call, call.pointer(4)));
    TemporaryMask mask(call.thread(), TRY(mask_at(argument.mask, argument.bytes)));
    const CallResult result = mask.end(select_until(call, deadline));
    tell_rest(call.pointer(4), spec_of<Spec>(rest_until(call, deadline)));
    return result;
}
SYSTEM_CALL(308, pselect6, pselect6<abi::TimeSpec>, CallTraits::resuming());
SYSTEM_CALL(413, pselect6_time64, pselect6<abi::TimeSpec64>, CallTraits::resuming());

}  // namespace
}  // namespace quire::kernel
