// fs/procfs, fs/proc_report, fs/system_files: texts to the letter, and a tree to add to.
#include "fs/procfs.h"

#include "fs/system_files.h"
#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

mm::PageCount pages(std::uint32_t kib) {
    return mm::PageCount(kib / 4);
}

class TestReport final : public SystemReport {
  public:
    explicit TestReport(mm::SlabRegistry& slabs) : slabs_(slabs) {}
    MemoryFigures memory() override { return figures; }
    PagingFigures paging() override { return counts; }
    ProcessorFigures processor() override {
        ProcessorFigures result;
        result.vendor = "GenuineIntel";
        result.model_name = "Pentium III (Coppermine)";
        result.flags = "fpu de pse tsc";
        result.family = 6;
        result.model = 8;
        result.stepping = 3;
        result.khz = 1000012;
        result.highest_leaf = 2;
        return result;
    }
    std::uint32_t swaps(std::span<SwapFigures, kMostSwaps> areas) override {
        areas[0] = {"/dev/hda2", true, pages(65532), pages(1024), -2};
        areas[1] = {"/a/path/that/is/longer/than/forty/letters", false, pages(12000000), pages(0),
                    5};
        return 2;
    }
    bool free_runs(mm::Zone zone, mm::RunCounts& result) override {
        if (zone == mm::Zone::High) return false;
        result.runs[0] = zone == mm::Zone::Dma ? 3 : 1234567;
        result.runs[10] = 7;
        return true;
    }
    mm::SlabRegistry& slabs() override { return slabs_; }
    std::uint64_t uptime() override { return 123456789012; }
    CpuFigures cpu() override {
        CpuFigures result;
        result.user = 5000000000;
        result.nice = 7;
        result.system = 300;
        result.idle = 5;
        result.switches = 1234;
        result.threads_made = 99;
        result.boot_time = 1767225600;
        result.interrupts[0] = 4000000000;
        result.interrupts[14] = 400000000;
        result.averages = {2048 + 1024, 204, 0};
        result.running = 2;
        result.blocked = 1;
        result.threads = 12;
        result.last_id = 345;
        return result;
    }
    std::uint32_t disks(std::span<DiskFigures, kMostDisks> disks) override {
        disks[0] = {"hda", 3 << 8, 64 << 20};
        disks[1] = {"hda1", 3 << 8 | 1, std::uint64_t{5} << 40};
        return 2;
    }
    const char* command_line() override { return "root=hda1 ro"; }
    const char* version() override { return "Linux version 6.1.0-quire"; }

    MemoryFigures figures;
    PagingFigures counts;

  private:
    mm::SlabRegistry& slabs_;
};

class Proc : public FileTest {
  protected:
    Proc() {
        p.mkdir("/proc");
        EXPECT_EQ(answer(p.calls.mount(proc, "proc", "/proc")), "OK");
    }
    ~Proc() override {
        p.table.close_all();
        p.become(0, 0);
        EXPECT_EQ(answer(p.calls.unmount("/proc")), "OK");
    }

    TestReport report{world.machine.slabs};
    Procfs proc{world.machine.memory, world.time};
    SystemFiles files{proc, report, world.layer};
};

TEST_F(Proc, MeminfoHasLinuxFormat) {
    report.figures.total = pages(131072);
    report.figures.free = pages(8);
    report.figures.slab_other = pages(400);
    report.figures.slab_reclaimable = pages(80);
    report.figures.active_file = pages(100);
    report.figures.active_anonymous = pages(20);
    report.figures.committed = mm::PageCount(0x3FFFFFFF);
    const std::string text = p.get("/proc/meminfo");
    EXPECT_EQ(text.substr(0, 87),
              "MemTotal:         131072 kB\n"
              "MemFree:               8 kB\n"
              "MemAvailable:          0 kB\n"
              "Buf");
    EXPECT_NE(text.find("\nSlab:                480 kB\nSReclaimable:         80 kB\n"
                        "SUnreclaim:          400 kB\n"),
              std::string::npos);
    EXPECT_NE(text.find("\nActive:              120 kB\n"), std::string::npos);
    EXPECT_NE(text.find("\nCommitted_AS:   4294967292 kB\n"), std::string::npos);
    EXPECT_NE(text.find("\nInactive(anon):        0 kB\n"), std::string::npos);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 35);
}

TEST_F(Proc, VmstatIsNamesAndNumbers) {
    report.figures.free = mm::PageCount(17);
    report.counts.faults = 5000000000;
    report.counts.swapped_in = 3;
    const std::string text = p.get("/proc/vmstat");
    EXPECT_EQ(text.substr(0, 17), "nr_free_pages 17\n");
    EXPECT_NE(text.find("\npgfault 5000000000\n"), std::string::npos);
    EXPECT_NE(text.find("\npswpin 3\npswpout 0\n"), std::string::npos);
}

TEST_F(Proc, BuddyinfoHasLinuxFormat) {
    EXPECT_EQ(
        p.get("/proc/buddyinfo"),
        "Node 0, zone      DMA      3      0      0      0      0      0      0      0      0"
        "      0      7 \n"
        "Node 0, zone   Normal 1234567      0      0      0      0      0      0      0      0"
        "      0      7 \n");
}

TEST_F(Proc, SlabinfoHasLinuxFormat) {
    const std::string text = p.get("/proc/slabinfo");
    const std::string head =
        "slabinfo - version: 2.1\n"
        "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : "
        "tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> "
        "<sharedavail>\n";
    ASSERT_EQ(text.substr(0, head.size()), head);
    // As slabtop reads it: every line has all fields, names are one word.
    const char* line = text.c_str() + head.size();
    std::uint32_t lines = 0;
    for (; *line != '\0'; line = std::strchr(line, '\n') + 1) {
        char name[64];
        unsigned live = 0, all = 0, size = 0, in_slab = 0, frames = 0, used = 0, slabs = 0;
        ASSERT_EQ(
            std::sscanf(line, "%63s %u %u %u %u %u : tunables %*d %*d %*d : slabdata %u %u %*d",
                        name, &live, &all, &size, &in_slab, &frames, &used, &slabs),
            8)
            << line;
        EXPECT_EQ(all, slabs * in_slab) << name;
        EXPECT_LE(live, all) << name;
        EXPECT_LE(used, slabs) << name;
        ++lines;
    }
    std::uint32_t caches = 0;
    world.machine.slabs.walk([&](const mm::SlabCache&) { ++caches; });
    EXPECT_EQ(lines, caches);
    EXPECT_NE(text.find("\npage_tree         "), std::string::npos);
    p.become(1, 1);
    EXPECT_EQ(p.get("/proc/slabinfo"), "EACCES");
}

TEST_F(Proc, SwapsHaveLinuxFormat) {
    EXPECT_EQ(p.get("/proc/swaps"),
              "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
              "/dev/hda2                               partition\t65532\t\t1024\t\t-2\n"
              "/a/path/that/is/longer/than/forty/letters file\t\t12000000\t0\t\t5\n");
}

TEST_F(Proc, StatHasLinuxFormat) {
    EXPECT_EQ(p.get("/proc/stat"),
              "cpu  5000000000 7 300 5 0 0 0 0 0 0\n"
              "cpu0 5000000000 7 300 5 0 0 0 0 0 0\n"
              "intr 4400000000 4000000000 0 0 0 0 0 0 0 0 0 0 0 0 0 400000000 0\n"
              "ctxt 1234\nbtime 1767225600\nprocesses 99\nprocs_running 2\nprocs_blocked 1\n"
              "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

TEST_F(Proc, LoadavgAndPartitionsHaveLinuxFormat) {
    EXPECT_EQ(p.get("/proc/loadavg"), "1.50 0.10 0.00 2/12 345\n");
    EXPECT_EQ(p.get("/proc/partitions"),
              "major minor  #blocks  name\n\n"
              "   3        0      65536 hda\n"
              "   3        1 5368709120 hda1\n");
    EXPECT_EQ(p.get("/proc/cmdline"), "root=hda1 ro\n");
}

TEST_F(Proc, SmallFilesHaveLinuxFormat) {
    EXPECT_EQ(p.get("/proc/uptime"), "1234567890.12 0.05\n");
    EXPECT_EQ(p.get("/proc/version"), "Linux version 6.1.0-quire\n");
    EXPECT_EQ(p.get("/proc/filesystems"),
              "nodev\tproc\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\tpipefs\n\text2\n");
    EXPECT_EQ(p.get("/proc/cpuinfo"),
              "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 8\n"
              "model name\t: Pentium III (Coppermine)\nstepping\t: 3\ncpu MHz\t\t: 1000.012\n"
              "fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\nfpu\t\t: yes\n"
              "fpu_exception\t: yes\ncpuid level\t: 2\nwp\t\t: yes\n"
              "flags\t\t: fpu de pse tsc\nbugs\t\t:\nbogomips\t: 2000.02\n"
              "clflush size\t: 32\ncache_alignment\t: 32\n"
              "address sizes\t: 32 bits physical, 32 bits virtual\npower management:\n\n");
}

TEST_F(Proc, MountsNamesThemAll) {
    Tmpfs other(world.parts(), {});
    p.mkdir("/a b\\");
    ASSERT_EQ(answer(p.calls.mount(other, "no\nne", "/a b\\")), "OK");
    other.set_read_only(true);
    EXPECT_EQ(p.get("/proc/mounts"),
              "root / tmpfs rw,relatime 0 0\n"
              "proc /proc proc rw,relatime 0 0\n"
              "no\\012ne /a\\040b\\134 tmpfs ro,relatime 0 0\n");
    ASSERT_EQ(answer(p.calls.unmount("/a b\\")), "OK");
}

TEST_F(Proc, TextsAreReadInPieces) {
    const std::string whole = p.get("/proc/meminfo");
    ASSERT_EQ(p.open("/proc/meminfo"), "OK");
    const Descriptor f = p.last;
    std::string all;
    for (std::string piece = p.read(f, 7); !piece.empty(); piece = p.read(f, 7))
        all += piece;
    EXPECT_EQ(all, whole);
    EXPECT_EQ(p.pread(f, 8, 9), whole.substr(9, 8));
    EXPECT_EQ(p.pread(f, 8, 1 << 20), "");
    test::BrokenSink sink(0);
    EXPECT_EQ(p.seek(f, 0, kSeekSet), "0");
    EXPECT_EQ(answer(p.calls.read(f, 10, sink)), "EFAULT");
    world.machine.machine.injector.fail_nth(1);
    EXPECT_EQ(p.read(f), "ENOMEM");
}

TEST_F(Proc, FilesMayBeReadAndNothingElse) {
    EXPECT_EQ(p.attributes("/proc/meminfo").permissions, 0444);
    EXPECT_EQ(p.attributes("/proc/meminfo").bytes, 0U);
    EXPECT_EQ(p.attributes("/proc").permissions, 0555);
    EXPECT_EQ(p.try_open("/proc/new", kOpenCreate), "EACCES");
    EXPECT_EQ(p.mkdir("/proc/new"), "EPERM");
    EXPECT_EQ(p.unlink("/proc/meminfo"), "EPERM");
    EXPECT_EQ(p.chmod("/proc/meminfo", 0), "EPERM");
    EXPECT_EQ(p.rename("/proc/meminfo", "/proc/x"), "EPERM");
    ASSERT_EQ(p.open("/proc/meminfo", kOpenWriteOnly), "OK");  // root may, but
    EXPECT_EQ(p.write(p.last, "x"), "EINVAL");
    EXPECT_EQ(p.stat("/proc/meminfo/x"), "ENOTDIR");
    EXPECT_EQ(p.calls.statfs("/proc").value().figures.magic, kProcMagic);
}

Result<void> greet(void* whom, const mm::TextWriter& out) {
    out.print("hello %s\n", static_cast<const char*>(whom));
    return {};
}

// As a process will have it: a directory of its own, which goes when the process does.
TEST_F(Proc, DirectoriesCanBeAddedAndTakenOut) {
    char name[] = "you";
    ProcDirectory process(proc, "12");
    ProcText status(proc, "status", greet, name);
    process.add(status);
    proc.tree().add(process);
    proc.tree().check_invariants();
    process.check_invariants();
    EXPECT_EQ(p.get("/proc/12/status"), "hello you\n");
    EXPECT_EQ(p.list("/proc/12").size(), 1U);
    EXPECT_EQ(p.list("/proc", 48).size(), 15U);
    EXPECT_EQ(p.attributes("/proc/12/..").number, p.attributes("/proc").number);
    p.chdir("/proc/12");
    EXPECT_EQ(p.getcwd(), "/proc/12");
    process.remove_from_tree();
    EXPECT_EQ(p.stat("/proc/12"), "ENOENT");
    EXPECT_EQ(p.getcwd(), "ENOENT");
    EXPECT_EQ(p.get("status"), "hello you\n");
    p.chdir("/");
    status.remove_from_tree();
}

Result<void> show(void* number, const mm::TextWriter& out) {
    out.print("%d\n", *static_cast<int*>(number));
    return {};
}
Result<void> set_digit(void* number, std::string_view text) {
    if (text.size() != 1 || text[0] < '0' || text[0] > '9') return Error::InvalidArgument;
    *static_cast<int*>(number) = text[0] - '0';
    return {};
}

TEST_F(Proc, ATextCanBeAValueThatIsSet) {
    int number = 7;
    ProcText value(proc, "value", show, &number, 0644, set_digit);
    ProcText fixed(proc, "fixed", show, &number, 0644);
    proc.tree().add(value);
    proc.tree().add(fixed);
    const auto set = [&](const char* path, std::string_view text) {
        EXPECT_EQ(p.open(path, kOpenWriteOnly), "OK");
        const std::string answer = p.write(p.last, text);
        EXPECT_EQ(test::answer(p.calls.close(p.last)), "OK");
        return answer;
    };
    EXPECT_EQ(set("/proc/value", "3\n"), "2");
    EXPECT_EQ(p.get("/proc/value"), "3\n");
    EXPECT_EQ(set("/proc/value", "4"), "1");
    EXPECT_EQ(number, 4);
    EXPECT_EQ(set("/proc/value", "12"), "EINVAL");
    EXPECT_EQ(set("/proc/value", std::string(33, '1')), "EINVAL");
    EXPECT_EQ(set("/proc/fixed", "5"), "EINVAL");
    EXPECT_EQ(number, 4);
    EXPECT_EQ(p.try_open("/proc/value", kOpenWriteOnly | kOpenTruncate), "OK");
    EXPECT_EQ(p.try_open("/proc/fixed", kOpenWriteOnly | kOpenTruncate), "EPERM");
    p.become(1000, 1000);
    EXPECT_EQ(p.try_open("/proc/value", kOpenWriteOnly), "EACCES");
    EXPECT_EQ(p.try_open("/proc/value"), "OK");
    p.become(0, 0);
    value.remove_from_tree();
    fixed.remove_from_tree();
}

}  // namespace
}  // namespace quire::fs
