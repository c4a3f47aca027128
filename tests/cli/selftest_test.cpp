// Every check of muster selftest, passing and failing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/selftest/gpu_checks.hpp"
#include "cli/selftest/gpu_sums.hpp"
#include "cli/selftest/machine_checks.hpp"
#include "cli/selftest/ranks.hpp"
#include "cli/selftest/report.hpp"
#include "cli/selftest/slurm.hpp"
#include "cli/selftest/storage.hpp"
#include "core/error.hpp"
#include "worker/wire.hpp"

namespace muster::cli::selftest {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

void expect_fail(Line const& line, std::string const& words) {
  EXPECT_EQ(line.verdict, Verdict::fail) << line.reason;
  EXPECT_THAT(line.reason, HasSubstr(words));
}
void expect_pass(Line const& line) { EXPECT_EQ(line.verdict, Verdict::pass) << line.check << ": " << line.reason; }

class Folder {
 public:
  Folder() : path_(fs::path(testing::TempDir()) / ("selftest" + std::to_string(::getpid()))) { fs::create_directory(path_); }
  ~Folder() { fs::remove_all(path_); }
  fs::path const& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(Selftest, KnownAnswersHoldAndAWrongOneIsNamed) {
  auto answers = kernels::known_answers();
  for (auto const& answer : answers) EXPECT_EQ(answer.computed, answer.expected) << answer.name;
  expect_pass(judge_known_answers(answers));
  answers[7].computed ^= 1;
  expect_fail(judge_known_answers(answers), std::string(answers[7].name));
}

TEST(Selftest, JobsHaveTheirDigestsOnAnyNumberOfThreads) {
  for (int const threads : {1, 2})
    for (auto const& line : check_cpu_jobs(price_jobs(), threads)) expect_pass(line);
}

TEST(Selftest, AWrongDigestFails) {
  auto job = price_jobs()[1];
  job.digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  auto const lines = check_cpu_jobs({&job, 1}, 1);
  ASSERT_EQ(lines.size(), 1U);
  expect_fail(lines[0], "must be 0123456789ab");
}

TEST(Selftest, AJobThatCannotRunFails) {
  PriceJob const job{"broken", "kind = \"price\"\n", ""};
  auto const lines = check_cpu_jobs({&job, 1}, 1);
  EXPECT_TRUE(has_failed(lines));
}

TEST(Selftest, BoundThreadsFail) {
  auto const found = measure_threads(2);
  EXPECT_EQ(found.threads, 2);
  EXPECT_GT(found.cpus_got, 0);
  expect_pass(judge_threads({4, 4, 0.5}));
  expect_fail(judge_threads({4, 1, 1.0}), "4 threads share 1 CPU that the launcher bound them to");
}

TEST(Selftest, LittleMemoryFails) {
  topology::Memory memory;
  memory.total_bytes = memory.available_bytes = std::uint64_t{1} << 40;
  expect_pass(check_memory(memory, 1 << 20));
  memory.limit_bytes = memory.available_bytes = 1 << 19;
  expect_fail(check_memory(memory, 1 << 20), "less than 1.00 MiB");
  memory.available_bytes = ~std::uint64_t{0};
  expect_fail(check_memory(memory, std::uint64_t{1} << 62), "the system refuses");
}

TEST(Selftest, AGoodFolderPassesAndIsLeftEmpty) {
  Folder const folder;
  auto const lines = check_storage(folder.path());
  EXPECT_EQ(lines.size(), 4U);
  for (auto const& line : lines) expect_pass(line);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Selftest, AFolderThatCannotBeWrittenFails) {
  // /proc takes no files from anyone, root too.
  for (fs::path const folder : {"/proc", "/no/such/folder"}) EXPECT_TRUE(has_failed(check_storage(folder))) << folder;
  Folder const folder;
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_TRUE(has_failed(check_storage(folder.path() / "file")));
  expect_pass(judge_free_space(least_free_bytes, 1 << 30));
  expect_fail(judge_free_space(least_free_bytes - 1, 1 << 30), "would not fit");
}

TEST(Selftest, SlurmIsHeldAgainstMpi) {
  EXPECT_EQ(judge_slurm({}, {}).verdict, Verdict::not_applicable);
  Variables job{{"SLURM_JOB_ID", "77"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_NUM_NODES", "2"}, {"SLURM_CPUS_ON_NODE", "8"},
                {"SLURM_GPUS_ON_NODE", "2"}};
  expect_pass(judge_slurm(job, {4, 2, 8, 2}));
  expect_fail(judge_slurm(job, {5, 2, 8, 2}), "5 ranks run in a job of 4 tasks");
  expect_fail(judge_slurm(job, {4, 3, 8, 2}), "3 machines and the job has 2");
  expect_fail(judge_slurm(job, {4, 2, 9, 2}), "9 threads are planned");
  expect_fail(judge_slurm(job, {4, 2, 8, 3}), "3 GPUs are visible");
  job["SLURM_STEP_NUM_TASKS"] = "4";
  job["SLURM_PROCID"] = "0";
  expect_fail(judge_slurm(job, {1, 1, 8, 2}), "srun started 4 tasks and MPI has 1 rank ");
  job["OMPI_COMM_WORLD_SIZE"] = "1";  // mpirun's daemons are a step too
  expect_pass(judge_slurm(job, {1, 1, 8, 2}));
  job["SLURM_NTASKS"] = "many";
  expect_pass(judge_slurm(job, {9, 1, 8, 2}));
}

RankReport report_of(std::string host, std::string sha = "abc") {
  return {std::move(host), {{"muster", "0.1.0"}, {"git sha", std::move(sha)}}, {}, {}};
}

TEST(Selftest, ReportsTravelWhole) {
  auto report = report_of("node1");
  report.gpus = {2, 3};
  report.lines = {failed("files", "1 B/s", "broken")};
  report.lines[0].values = {{"bytes_per_s", 1.5}};
  auto const bytes = encode(report);
  auto const read = decode_report(bytes);
  EXPECT_EQ(read.host, "node1");
  EXPECT_EQ(read.build, report.build);
  EXPECT_EQ(read.gpus, report.gpus);
  ASSERT_EQ(read.lines.size(), 1U);
  EXPECT_EQ(read.lines[0].reason, "broken");
  EXPECT_EQ(read.lines[0].values, report.lines[0].values);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_THROW(decode_report(comm::Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut))), Error);
}

TEST(Selftest, AnotherBuildFails) {
  std::vector<std::optional<RankReport>> reports{report_of("a"), report_of("b"), std::nullopt};
  expect_pass(judge_builds(reports));
  reports[1]->build[1].second = "def";
  expect_fail(judge_builds(reports), "git sha is def on rank 1 (b) and abc on rank 0");
  reports[1]->build.clear();
  expect_fail(judge_builds(reports), "muster is unknown on rank 1");
}

TEST(Selftest, FaultsOfOtherRanksAreNamed) {
  std::vector<std::optional<RankReport>> reports{report_of("a"), report_of("b")};
  reports[1]->lines = {passed("files", "", ""), failed("memory", "", "little"), passed("GPU 1", "sm_90", ""),
                       not_applicable("GPU peer copies", "")};
  auto const lines = lines_of_others(reports);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].check, "rank 1 on b: memory");
  EXPECT_EQ(lines[1].check, "rank 1 on b: GPU 1");
}

/// Time that passes only when a message arrives: `latency_s` and the bytes at `bytes_per_s`.
struct FakeTime {
  double now_s = 0;
  double latency_s = 1e-6;
  double bytes_per_s = 1e10;
  double skew_s = 0;
};

/// Rank 0's end of a link of any speed.
class SlowTransport : public comm::Transport {
 public:
  SlowTransport(comm::Transport& fast, FakeTime& time) : fast_(fast), time_(time) {}
  int rank() const override { return fast_.rank(); }
  int size() const override { return fast_.size(); }
  void send(int to, comm::Bytes body) override { fast_.send(to, std::move(body)); }
  std::optional<comm::Envelope> poll(std::chrono::microseconds patience) override {
    auto message = fast_.poll(patience);
    if (message) time_.now_s += 2 * (time_.latency_s + static_cast<double>(message->body.size()) / time_.bytes_per_s);
    return message;
  }
  void wake() override { fast_.wake(); }
  void mark_lost(int rank) override { fast_.mark_lost(rank); }
  std::size_t unsent() const override { return fast_.unsent(); }
  std::string describe() const override { return fast_.describe(); }
  std::string host() const override { return fast_.host(); }

 private:
  comm::Transport& fast_;
  FakeTime& time_;
};

/// Rank 0 and one other over a link of that kind; the lines of check_links().
Lines links_over(FakeTime time) {
  auto ends = comm::make_in_process(2);
  // Rank 0 reads its own clock; the other's stands at the skew.
  std::jthread const other([&] {
    Clocks const clocks{[] { return 0.0; }, [&] { return time.skew_s; }};
    serve(*ends[1], report_of("other"), clocks, sum_on_gpus, 60s);
  });
  SlowTransport slow(*ends[0], time);
  Ranks ranks(slow, report_of("first"), {[&] { return time.now_s; }, [] { return 0.0; }}, 60s);
  EXPECT_TRUE(ranks.collect().empty());
  EXPECT_EQ(ranks.hosts(), 2);
  auto lines = ranks.check_links();
  ranks.stop();
  EXPECT_EQ(lines.size(), 3U);
  return lines;
}

TEST(Selftest, FastLinksPass) {
  for (auto const& line : links_over({})) expect_pass(line);
}

TEST(Selftest, SlowLinksFail) {
  FakeTime far;
  far.latency_s = 0.2;
  expect_fail(links_over(far)[0], "between rank 1 and rank 0, more than");
  FakeTime narrow;
  narrow.bytes_per_s = 1e6;
  auto const lines = links_over(narrow);
  expect_pass(lines[0]);
  expect_fail(lines[1], "less than 10 MB/s");
}

TEST(Selftest, AnotherClockFails) {
  FakeTime time;
  time.skew_s = -60;
  auto const lines = links_over(time);
  expect_pass(lines[0]);
  expect_fail(lines[2], "synchronise");
  // A skew that the slow link may have made up is none.
  expect_pass(judge_skew({{1, 10, 1e9, 12, 10}}));
}

TEST(Selftest, ASilentRankFailsAndTheOthersGoOn) {
  auto ends = comm::make_in_process(3);
  std::jthread const other([&] { serve(*ends[2], report_of("c"), system_clocks(), sum_on_gpus, 60s); });
  Ranks ranks(*ends[0], report_of("a"), system_clocks(), 1s);
  auto const lines = ranks.collect();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].check, "rank 1");
  expect_fail(lines[0], "sent no report within 1 s");
  EXPECT_EQ(ranks.check_links().size(), 3U);
  ranks.stop();
}

TEST(Selftest, AForeignReportFails) {
  auto ends = comm::make_in_process(2);
  ends[1]->send(0, comm::Bytes(40));
  Ranks ranks(*ends[0], report_of("a"), system_clocks(), 60s);
  auto const lines = ranks.collect();
  ASSERT_EQ(lines.size(), 1U);
  expect_fail(lines[0], "another muster");
}

TEST(Selftest, ASilentRankZeroEndsTheOthers) {
  auto ends = comm::make_in_process(2);
  EXPECT_THROW(serve(*ends[1], report_of("b"), system_clocks(), sum_on_gpus, 0s), Error);
}

TEST(Selftest, ASharedFolderPasses) {
  Folder const folder;
  auto ends = comm::make_in_process(2);
  std::jthread const other([&] { serve(*ends[1], report_of("b"), system_clocks(), sum_on_gpus, 60s); });
  Ranks ranks(*ends[0], report_of("a"), system_clocks(), 60s);
  ranks.collect();
  expect_pass(ranks.check_folder(folder.path()));
  EXPECT_TRUE(fs::is_empty(folder.path()));
  ranks.stop();
}

/// A rank that says it sees nothing, as one on a machine of its own would.
TEST(Selftest, AFolderOfOneMachineFails) {
  Folder const folder;
  auto ends = comm::make_in_process(2);
  ends[1]->send(0, encode(report_of("b")));
  Ranks ranks(*ends[0], report_of("a"), system_clocks(), 60s);
  ranks.collect();
  worker::WireWriter answer;
  answer.put_text("cannot read it");
  ends[1]->send(0, answer.take());
  expect_fail(ranks.check_folder(folder.path()), "rank 1 on b: cannot read it");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

topology::Gpu gpu_of(int ordinal, int capability) {
  topology::Gpu gpu;
  gpu.ordinal = ordinal;
  gpu.capability_major = capability / 10;
  gpu.capability_minor = capability % 10;
  return gpu;
}

TEST(Selftest, LinksHaveTheRateOfTheirGeneration) {
  topology::Link const nv18{topology::LinkKind::nvlink, 18, topology::Peer::yes};
  EXPECT_EQ(link_rate(gpu_of(0, 90), nv18), 450e9);
  EXPECT_EQ(link_rate(gpu_of(0, 100), nv18), 900e9);
  EXPECT_EQ(link_rate(gpu_of(0, 80), {topology::LinkKind::nvlink, 12, topology::Peer::yes}), 300e9);
  EXPECT_EQ(link_rate(gpu_of(0, 86), {topology::LinkKind::nvlink, 4, topology::Peer::yes}), 56.25e9);
  EXPECT_EQ(link_rate(gpu_of(0, 90), {topology::LinkKind::pcie_switch, 0, topology::Peer::yes}), 0);
  topology::Facts facts;
  facts.gpus = {gpu_of(0, 90), gpu_of(1, 90)};
  EXPECT_EQ(least_link_rate(facts, {0, 1}), 0);
  facts.links = {{}, nv18, nv18, {}};
  EXPECT_EQ(least_link_rate(facts, {0, 1}), 450e9);
}

TEST(Selftest, SlowOrWrongPeerCopiesFail) {
  PeerFindings const good{0, 1, {380e9, true}, 450e9, true};
  expect_pass(judge_peers({good}));
  auto slow = good;
  slow.copy = {20e9, false};
  expect_fail(judge_peers({good, slow}), "through the host, 4 % of the link's 450 GB/s");
  auto unknown = slow;
  unknown.link_bytes_per_s = 0;
  expect_pass(judge_peers({unknown}));
  unknown.copy.bytes_per_s = 5e8;
  expect_fail(judge_peers({unknown}), "not known");
  auto wrong = good;
  wrong.is_right = false;
  expect_fail(judge_peers({good, wrong}), "is not what arrives at GPU 1");
}

TEST(Selftest, SlowOrWrongSumsFail) {
  expect_pass(judge_gpu_sums({sum_bytes / 300e9, ""}, 2, 450e9));
  expect_fail(judge_gpu_sums({sum_bytes / 30e9, ""}, 2, 450e9), "7 % of their links' 450 GB/s");
  expect_pass(judge_gpu_sums({sum_bytes / 30e9, ""}, 2, 0));
  expect_fail(judge_gpu_sums({1, "GPU 1 has a wrong sum"}, 2, 0), "GPU 1 has a wrong sum");
}

TEST(Selftest, AGpuThatIsNotThereFails) {
  topology::Facts facts;
  facts.gpu_note = "no GPU";
  auto const none = check_gpus(facts, {}, price_jobs());
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(none[0].verdict, Verdict::not_applicable);
  EXPECT_EQ(none[0].reason, "no GPU");
  facts.gpus = {gpu_of(1000, 90)};
  auto const lines = check_gpus(facts, {1000}, price_jobs());
  ASSERT_EQ(lines.size(), 1U);  // its jobs are not tried
  expect_fail(lines[0], "GPU 1000");
  EXPECT_FALSE(sum_on_gpus({{}, 0, 2, {1000}}).fault.empty());
}

TEST(Selftest, ReportsNameTheScopeAndTheFailures) {
  EXPECT_EQ(scope_of(1, 0), "CPU");
  EXPECT_EQ(scope_of(1, 1), "single GPU");
  EXPECT_EQ(scope_of(1, 2), "several GPUs");
  EXPECT_EQ(scope_of(2, 0), "cluster");
  Report report{"CPU", "vm", 1, 1, {passed("files", "1 GB/s", "fine"), not_applicable("Slurm", "outside")}};
  EXPECT_THAT(to_text(report), AllOf(HasSubstr("pass  files  1 GB/s  fine\n"), HasSubstr("n/a   Slurm"), HasSubstr("passed\n")));
  report.lines.push_back(failed("memory", "", "little"));
  EXPECT_THAT(to_text(report), HasSubstr("1 of 3 checks failed (memory)"));
  EXPECT_THAT(to_json(report).dump(), HasSubstr("\"verdict\": \"fail\""));
}

TEST(Selftest, AnExceptionIsAFailedLineAndAStopIsNot) {
  expect_fail(guarded("x", []() -> Line { throw Error(Exit::environment, "no disk"); }), "no disk");
  EXPECT_THROW(guarded("x", []() -> Line { throw Error(Exit::stopped, "stop"); }), Error);
}

}  // namespace
}  // namespace muster::cli::selftest
