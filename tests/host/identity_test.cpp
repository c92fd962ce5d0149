// kernel/process/identity: who may become whom. Expected results are those of Linux.
#include "kernel/process/identity.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace quire::kernel {
namespace {

constexpr std::uint32_t kSame = kUnchanged;

class Identity : public testing::Test {
  protected:
    void be(const IdSet& ids) {
        process.credentials.real_user = process.credentials.real_group = ids.real;
        process.credentials.user = process.credentials.group = ids.effective;
        process.saved_user = process.saved_group = ids.saved;
        process.is_dumpable = true;
    }
    static std::string answer(const Result<void>& result) {
        return result.ok() ? "OK" : error_name(result.error());
    }
    std::string set_user(std::uint32_t id) { return answer(kernel::set_user(process, id)); }
    std::string set_two(std::uint32_t real, std::uint32_t effective) {
        return answer(set_users(process, real, effective));
    }
    std::string set_all(const IdSet& wanted) { return answer(set_users(process, wanted)); }
    IdSet users() { return user_ids(process); }

    Process process{2};
};

TEST_F(Identity, SetuidOfRootSetsAllThree) {
    EXPECT_EQ(set_user(1000), "OK");
    EXPECT_EQ(users(), (IdSet{1000, 1000, 1000}));
    EXPECT_FALSE(process.is_dumpable);
    EXPECT_EQ(set_user(0), "NotPermitted");
    EXPECT_EQ(group_ids(process), (IdSet{0, 0, 0}));
}

TEST_F(Identity, SetuidOfOthersMovesBetweenRealAndSaved) {
    be({10, 20, 30});
    EXPECT_EQ(set_user(20), "NotPermitted") << "the effective one alone is no reason";
    EXPECT_EQ(set_user(30), "OK");
    EXPECT_EQ(users(), (IdSet{10, 30, 30}));
    EXPECT_EQ(set_user(10), "OK");
    EXPECT_EQ(users(), (IdSet{10, 10, 30}));
    EXPECT_EQ(set_user(11), "NotPermitted");
    EXPECT_EQ(set_user(kSame), "InvalidArgument");
    EXPECT_EQ(users(), (IdSet{10, 10, 30}));
}

TEST_F(Identity, SetreuidSwapsTheTwo) {
    be({10, 20, 30});
    EXPECT_EQ(set_two(20, 10), "OK");
    EXPECT_EQ(users(), (IdSet{20, 10, 10}));
}

TEST_F(Identity, SetreuidKeepsTheSavedIdWhenOnlyTheEffectiveBecomesTheReal) {
    be({10, 20, 30});
    EXPECT_EQ(set_two(kSame, 10), "OK");
    EXPECT_EQ(users(), (IdSet{10, 10, 30}));
    EXPECT_EQ(set_two(kSame, 30), "OK");
    EXPECT_EQ(users(), (IdSet{10, 30, 30}));
    EXPECT_EQ(set_two(kSame, kSame), "OK");
    EXPECT_EQ(users(), (IdSet{10, 30, 30}));
}

TEST_F(Identity, SetreuidRefusesStrangers) {
    be({10, 20, 30});
    EXPECT_EQ(set_two(30, kSame), "NotPermitted") << "the saved id does not become the real one";
    EXPECT_EQ(set_two(kSame, 11), "NotPermitted");
    EXPECT_EQ(set_two(20, 11), "NotPermitted");
    EXPECT_EQ(users(), (IdSet{10, 20, 30}));
    be({10, 0, 30});
    EXPECT_EQ(set_two(77, 78), "OK");
    EXPECT_EQ(users(), (IdSet{77, 78, 78}));
}

TEST_F(Identity, SetresuidTakesAnyOfTheThreeForEach) {
    be({10, 20, 30});
    EXPECT_EQ(set_all({30, 10, 20}), "OK");
    EXPECT_EQ(users(), (IdSet{30, 10, 20}));
    EXPECT_EQ(set_all({kSame, 20, kSame}), "OK");
    EXPECT_EQ(users(), (IdSet{30, 20, 20}));
    EXPECT_EQ(set_all({kSame, 30, 11}), "NotPermitted");
    EXPECT_EQ(users(), (IdSet{30, 20, 20}));
    be({0, 0, 0});
    EXPECT_EQ(set_all({1, 2, 3}), "OK");
    EXPECT_EQ(users(), (IdSet{1, 2, 3}));
    EXPECT_EQ(set_all({kSame, 0, kSame}), "NotPermitted");
}

TEST_F(Identity, GroupsFollowTheSameRules) {
    be({10, 20, 30});
    EXPECT_EQ(answer(set_group(process, 30)), "OK");
    EXPECT_EQ(group_ids(process), (IdSet{10, 30, 30}));
    EXPECT_EQ(answer(set_groups(process, 30, 10)), "OK");
    EXPECT_EQ(group_ids(process), (IdSet{30, 10, 10}));
    EXPECT_EQ(answer(set_groups(process, {10, 30, 30})), "OK");
    EXPECT_EQ(group_ids(process), (IdSet{10, 30, 30}));
    EXPECT_EQ(answer(set_group(process, 0)), "NotPermitted");
    EXPECT_EQ(users(), (IdSet{10, 20, 30}));
    process.credentials.user = 0;
    EXPECT_EQ(answer(set_group(process, 7)), "OK") << "root decides, not group 0";
    EXPECT_EQ(group_ids(process), (IdSet{7, 7, 7}));
}

TEST_F(Identity, WhoStaysTheSameStaysDumpable) {
    EXPECT_EQ(set_two(5, kSame), "OK");
    EXPECT_TRUE(process.is_dumpable);
    EXPECT_EQ(answer(set_group(process, 9)), "OK");
    EXPECT_FALSE(process.is_dumpable);
}

TEST_F(Identity, OnlyRootSetsSupplementaryGroups) {
    const std::array<std::uint32_t, 3> groups{4, 5, 6};
    EXPECT_EQ(answer(set_supplementary(process, groups)), "OK");
    EXPECT_TRUE(process.credentials.in_group(6));
    EXPECT_EQ(process.credentials.group_count, 3U);
    const std::array<std::uint32_t, fs::Credentials::kMostGroups + 1> many{};
    EXPECT_EQ(answer(set_supplementary(process, many)), "InvalidArgument");
    const std::array<std::uint32_t, 1> bad{kSame};
    EXPECT_EQ(answer(set_supplementary(process, bad)), "InvalidArgument");
    EXPECT_EQ(process.credentials.group_count, 3U);
    EXPECT_EQ(answer(set_supplementary(process, {})), "OK");
    EXPECT_FALSE(process.credentials.in_group(6));
    be({1, 1, 1});
    EXPECT_EQ(answer(set_supplementary(process, groups)), "NotPermitted");
}

TEST_F(Identity, OwnIsWhoHasTheEffectiveUser) {
    Process other{3};
    other.credentials.real_user = 10;
    other.credentials.user = 11;
    EXPECT_TRUE(is_own(process, other)) << "root";
    be({5, 10, 5});
    EXPECT_TRUE(is_own(process, other));
    be({5, 11, 5});
    EXPECT_TRUE(is_own(process, other));
    be({10, 5, 10});
    EXPECT_FALSE(is_own(process, other));
}

}  // namespace
}  // namespace quire::kernel
