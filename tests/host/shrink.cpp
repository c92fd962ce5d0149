#include "tests/host/shrink.h"

#include <algorithm>
#include <utility>

#include "mm/types.h"

namespace quire::test {

namespace {

class Shrinker {
  public:
    Shrinker(MemoryScript script, const Fails& fails) : best_(std::move(script)), fails_(fails) {}

    MemoryScript run() {
        bool better = true;
        while (better) {
            better = drop_processes();
            for (std::size_t size = std::max<std::size_t>(best_.steps.size() / 2, 1);; size /= 2) {
                better |= drop_runs(size);
                if (size <= 1) break;
            }
            better |= simplify_steps();
            better |= simplify_world();
        }
        return best_;
    }

  private:
    bool keep_if_it_fails(MemoryScript candidate) {
        if (candidate == best_ || !fails_(candidate)) return false;
        best_ = std::move(candidate);
        return true;
    }

    bool drop_processes() {
        bool better = false;
        for (std::uint32_t process = 0; process < kProcesses; ++process) {
            MemoryScript candidate = best_;
            std::erase_if(candidate.steps, [&](const MemoryStep& step) {
                return step.process == process ||
                       (step.call == MemoryCall::Fork && step.value == process);
            });
            better |= keep_if_it_fails(std::move(candidate));
        }
        return better;
    }

    // From the end on, so that the places of those before stay.
    bool drop_runs(std::size_t size) {
        bool better = false;
        for (std::size_t end = best_.steps.size(); end > 0; end = end > size ? end - size : 0) {
            const std::size_t first = end > size ? end - size : 0;
            MemoryScript candidate = best_;
            candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(first),
                                  candidate.steps.begin() + static_cast<std::ptrdiff_t>(end));
            better |= keep_if_it_fails(std::move(candidate));
        }
        return better;
    }

    bool try_value(std::size_t index, std::uint32_t MemoryStep::*field, std::uint32_t value) {
        MemoryScript candidate = best_;
        candidate.steps[index].*field = value;
        return keep_if_it_fails(std::move(candidate));
    }

    bool simplify_steps() {
        bool better = false;
        for (std::size_t i = 0; i < best_.steps.size(); ++i) {
            for (std::uint32_t bit = 0; bit < 9; ++bit)
                if (const std::uint32_t flags = best_.steps[i].flags; (flags >> bit & 1) != 0)
                    better |= try_value(i, &MemoryStep::flags, flags & ~(1U << bit));
            better |= smaller(i, &MemoryStep::size);
            better |= smaller(i, &MemoryStep::length);
            better |= smaller(i, &MemoryStep::page);
            if (best_.steps[i].call == MemoryCall::Store)
                better |= try_value(i, &MemoryStep::value, 0x11);
            if (best_.steps[i].call == MemoryCall::Store && best_.steps[i].at % mm::kPageSize != 0)
                better |= try_value(i, &MemoryStep::at, best_.steps[i].at & ~(mm::kPageSize - 1));
            if (best_.steps[i].rights != 3) better |= try_value(i, &MemoryStep::rights, 3);
        }
        return better;
    }

    bool smaller(std::size_t index, std::uint32_t MemoryStep::*field) {
        bool better = false;
        for (const std::uint32_t value : {0U, 1U, mm::kPageSize, 2 * mm::kPageSize})
            if (value < best_.steps[index].*field) better |= try_value(index, field, value);
        const std::uint32_t half = best_.steps[index].*field / 2 & ~(mm::kPageSize - 1);
        if (half != 0) better |= try_value(index, field, half);
        return better;
    }

    bool simplify_world() {
        bool better = false;
        const auto attempt = [&](std::uint32_t MemoryWorld::*field, std::uint32_t value) {
            MemoryScript candidate = best_;
            candidate.world.*field = value;
            better |= keep_if_it_fails(std::move(candidate));
        };
        if (best_.world.overcommit != 0) attempt(&MemoryWorld::overcommit, 0);
        if (best_.world.policy != 0) attempt(&MemoryWorld::policy, 0);
        if (best_.world.swap2 != 0) attempt(&MemoryWorld::swap2, 0);
        if (best_.world.swap != 0 && best_.world.swap != 256) attempt(&MemoryWorld::swap, 256);
        if (best_.world.frames != 256) attempt(&MemoryWorld::frames, 256);
        return better;
    }

    MemoryScript best_;
    const Fails& fails_;
};

}  // namespace

MemoryScript shrink(const MemoryScript& script, const Fails& fails) {
    return Shrinker(script, fails).run();
}

}  // namespace quire::test
