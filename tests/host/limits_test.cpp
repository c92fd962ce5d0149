// kernel/process/limits: who may set what, what reaches memory, and the text of /proc/PID/limits.
#include "kernel/process/limits.h"

#include <gtest/gtest.h>

#include <string>

#include "kernel/abi/resource.h"
#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using namespace abi;

class Limits : public testing::Test {
  protected:
    Limits() {
        root.limits = user.limits = default_limits();
        user.credentials.user = user.credentials.real_user = 1000;
    }
    static std::string check(const Process& caller, const Process& process, std::uint32_t kind,
                             Limit limit) {
        const auto result = check_limit(caller, process, kind, limit);
        return result.ok() ? "OK" : error_name(result.error());
    }
    Process root{1};
    Process user{2};
};

TEST_F(Limits, SoftIsNotAboveHard) {
    EXPECT_EQ(check(root, root, kLimitStack, {2, 1}), "InvalidArgument");
    EXPECT_EQ(check(root, root, kLimitStack, {1, 1}), "OK");
    EXPECT_EQ(check(root, root, kLimitStack, {kNoLimit64, kNoLimit64 - 1}), "OK")
        << "both are more than 32 bits can tell: no limit";
}

TEST_F(Limits, ThereAreSixteenKinds) {
    EXPECT_EQ(check(root, root, 15, {0, 0}), "OK");
    EXPECT_EQ(check(root, root, 16, {0, 0}), "InvalidArgument");
    EXPECT_EQ(limit_of(root, 16).error(), Error::InvalidArgument);
    EXPECT_EQ(limit_of(root, kLimitStack).value().soft, 8U << 20);
}

TEST_F(Limits, OnlyRootRaisesTheHardOne) {
    EXPECT_EQ(check(user, user, kLimitCpu, {1, 10}), "OK");
    set_limit(user, kLimitCpu, {1, 10});
    EXPECT_EQ(check(user, user, kLimitCpu, {10, 10}), "OK");
    EXPECT_EQ(check(user, user, kLimitCpu, {1, 11}), "NotPermitted");
    EXPECT_EQ(check(root, user, kLimitCpu, {1, 11}), "OK");
}

TEST_F(Limits, NobodyGetsMoreDescriptorsThanATableHas) {
    EXPECT_EQ(check(root, root, kLimitFiles, {1, 1024}), "OK");
    EXPECT_EQ(check(root, root, kLimitFiles, {1, 1025}), "NotPermitted");
    EXPECT_EQ(check(root, root, kLimitFiles, {1, kNoLimit64}), "NotPermitted");
}

TEST_F(Limits, MemoryKnowsTheSoftOnes) {
    set_limit(user, kLimitAddressSpace, {1 << 20, kNoLimit64});
    set_limit(user, kLimitData, {std::uint64_t{1} << 32, kNoLimit64});
    set_limit(user, kLimitStack, {4096, 8192});
    set_limit(user, kLimitLockedMemory, {0, 1});
    const mm::MemoryLimits limits = memory_limits(user);
    EXPECT_EQ(limits.address_space, 1U << 20);
    EXPECT_EQ(limits.data, mm::MemoryLimits::kUnlimited);
    EXPECT_EQ(limit_of(user, kLimitData).value().soft, kNoLimit64);
    EXPECT_EQ(limits.stack, 4096U);
    EXPECT_EQ(limits.locked, 0U);
    EXPECT_FALSE(limits.may_lock_any);
    EXPECT_TRUE(memory_limits(root).may_lock_any);
}

TEST_F(Limits, WritesKnowHowLargeAFileMayGet) {
    EXPECT_EQ(user.credentials.most_file_bytes, fs::Credentials::kNoLimit);
    set_limit(user, kLimitFileSize, {1000, 2000});
    EXPECT_EQ(user.credentials.most_file_bytes, 1000U);
    set_limit(user, kLimitFileSize, {kNoLimit64, kNoLimit64});
    EXPECT_EQ(user.credentials.most_file_bytes, fs::Credentials::kNoLimit);
}

TEST_F(Limits, AreToldAsLinuxTellsThem) {
    set_limit(user, kLimitCore, {0, kNoLimit64});
    const std::string text =
        test::written([&](const mm::TextWriter& out) { write_limits(user, out); });
    EXPECT_EQ(text,
              "Limit                     Soft Limit           Hard Limit           Units     \n"
              "Max cpu time              unlimited            unlimited            seconds   \n"
              "Max file size             unlimited            unlimited            bytes     \n"
              "Max data size             unlimited            unlimited            bytes     \n"
              "Max stack size            8388608              unlimited            bytes     \n"
              "Max core file size        0                    unlimited            bytes     \n"
              "Max resident set          unlimited            unlimited            bytes     \n"
              "Max processes             4096                 4096                 processes \n"
              "Max open files            1024                 1024                 files     \n"
              "Max locked memory         8388608              8388608              bytes     \n"
              "Max address space         unlimited            unlimited            bytes     \n"
              "Max file locks            unlimited            unlimited            locks     \n"
              "Max pending signals       4096                 4096                 signals   \n"
              "Max msgqueue size         0                    0                    bytes     \n"
              "Max nice priority         0                    0                    \n"
              "Max realtime priority     0                    0                    \n"
              "Max realtime timeout      unlimited            unlimited            us        \n");
}

}  // namespace
}  // namespace quire::kernel
