// muster submit's pure parts: what the words mean, how a node is shared, the script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/submit/program.hpp"
#include "cli/submit/script.hpp"
#include "core/error.hpp"
#include "topology/machine_text.hpp"

namespace muster::cli::submit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class Function>
std::string message_of(Function const& function) {
  try {
    function();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  return "no error";
}

TEST(SubmitWords, NodesAreANumberOrARange) {
  EXPECT_EQ(parse_nodes("4").least, 4);
  EXPECT_EQ(parse_nodes("4").most, 4);
  EXPECT_EQ(parse_nodes("2-8").least, 2);
  EXPECT_EQ(parse_nodes("2-8").most, 8);
  for (auto const* text : {"", "0", "-1", "4-", "-4", "8-2", "1-2-3", "4x", "1e3", " 4", "4\n", "100001", "99999999999999999999"})
    EXPECT_THAT(message_of([&] { parse_nodes(text); }), HasSubstr("must be a number of machines or a range")) << text;
}

TEST(SubmitWords, TimesAreSlurms) {
  EXPECT_EQ(parse_time_minutes("90"), 90);
  EXPECT_EQ(parse_time_minutes("90:01"), 91);
  EXPECT_EQ(parse_time_minutes("2:30:00"), 150);
  EXPECT_EQ(parse_time_minutes("1-0"), 1440);
  EXPECT_EQ(parse_time_minutes("1-12:30"), 1440 + 750);
  EXPECT_EQ(parse_time_minutes("1-12:30:01"), 1440 + 751);
  EXPECT_EQ(time_text(1440 + 751), "1-12:31:00");
  EXPECT_EQ(time_text(5), "0-00:05:00");
  for (auto const* text : {"", "0", "0:00", "x", "1:2:3:4", "1-", "-5", "1-2-3", "2h", "1:00\n", "999999999", "9999999999"})
    EXPECT_THAT(message_of([&] { parse_time_minutes(text); }), HasSubstr("must be a limit of at least a minute")) << text;
}

TEST(SubmitWords, NamesCannotBecomeOptions) {
  EXPECT_EQ(slurm_word("--account", "team_1.x"), "team_1.x");
  EXPECT_EQ(slurm_word("--constraint", "(a100&nvlink)|[rack1*2]"), "(a100&nvlink)|[rack1*2]");
  for (std::string const text : {"a\n#SBATCH --uid=0", "a b", "-a", "--uid=0", "a\"b", "a'b", "a;b", "$(id)", "a\\", "a#b", "\xff", ""})
    EXPECT_THAT(message_of([&] { slurm_word("--account", text); }), HasSubstr("--account \"")) << text;
  EXPECT_THAT(message_of([] { slurm_word("--account", std::string(257, 'a')); }), HasSubstr("at most 256"));
}

TEST(SubmitNode, IsTheLeastThatSinfoNames) {
  auto const node = node_in_sinfo("64|257000|gpu:a100:8(S:0-1),shard:16\n32|128000|gpu:4\n");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->cpus, 32);
  EXPECT_EQ(node->gpus, 4);
  EXPECT_EQ(node->memory_mb, 128000U);
  EXPECT_EQ(node_in_sinfo("4|4096|gpu:tesla:1,gpu:h100:1\n")->gpus, 2);
  EXPECT_EQ(node_in_sinfo("4|4096|(null)\n")->gpus, 0);
}

TEST(SubmitNode, WhatIsNoSuchLineSaysNothing) {
  for (auto const* text : {"", "\n\n", "sinfo: error", "4|4096", "0|4096|(null)", "x|4096|gpu:1", "4|-1|gpu:1", "4|4096|gpu:1|more"})
    EXPECT_FALSE(node_in_sinfo(text)) << text;
}

TEST(SubmitNode, IsSharedByOneRankAGpu) {
  auto const share = share_of(Node{64, 8, 512000}, {});
  EXPECT_EQ(share.tasks, 8);
  EXPECT_EQ(share.cpus, 8);
  EXPECT_EQ(share.gpus, 8);
  auto const part = share_of(Node{64, 8, 512000}, {0, 4, 2, 0});
  EXPECT_EQ(part.tasks, 2);
  EXPECT_EQ(part.cpus, 4);
  auto const cpu = share_of(Node{64, 0, 0}, {});
  EXPECT_EQ(cpu.tasks, 1);
  EXPECT_EQ(cpu.cpus, 64);
}

TEST(SubmitNeeds, MemoryHasHeadroomAndFitsTheNode) {
  Needs const needs{std::uint64_t{3} << 30, 0};
  Share share;
  share.tasks = 2;
  EXPECT_EQ(memory_mb_for(needs, share, Node{64, 0, 512000}), 2U * 6144 + 2 * 1024);
  EXPECT_EQ(memory_mb_for(needs, share, std::nullopt), 2U * 6144 + 2 * 1024);
  EXPECT_EQ(memory_mb_for(needs, share, Node{64, 0, 8000}), 8000U);
  share.gpus = 2;
  EXPECT_EQ(memory_mb_for(needs, share, Node{64, 2, 512000}), 2U * 6144 + 2 * 4096);
  EXPECT_THAT(message_of([&] { memory_mb_for(needs, share, Node{64, 2, 6000}); }),
              HasSubstr("2 ranks a node need 6144 MiB (the nodes have 6000 MiB, so they would be killed); ask for fewer"));
}

TEST(SubmitNeeds, TimeHasHeadroomAndKeepsToTheLimit) {
  EXPECT_EQ(minutes_for({0, 0}, 60), std::nullopt);
  EXPECT_EQ(minutes_for({0, 1}, std::nullopt), 15);
  EXPECT_EQ(minutes_for({0, 3600}, std::nullopt), 195);
  EXPECT_EQ(minutes_for({0, 3600}, 60), 60);
  EXPECT_EQ(minutes_for({0, 1e12}, std::nullopt), 366 * 24 * 60);
}

TEST(SubmitNeeds, TheLimitIsThePartitions) {
  auto const* const lines = "short|30:00\nmain*|1-00:00:00\nlong|infinite\nodd|n/a\n";
  EXPECT_EQ(limit_in_sinfo(lines, "short"), 30);
  EXPECT_EQ(limit_in_sinfo(lines, ""), 1440);
  EXPECT_EQ(limit_in_sinfo(lines, "long"), std::nullopt);
  EXPECT_EQ(limit_in_sinfo(lines, "nix"), std::nullopt);
  EXPECT_EQ(limit_in_sinfo("64|257000|gpu:a100:8\n", ""), std::nullopt);
}

TEST(SubmitNode, MoreThanItHasIsRefused) {
  EXPECT_THAT(message_of([] { share_of(Node{64, 4, 0}, {0, 0, 8, 0}); }), HasSubstr("--gpus-per-node 8 (the nodes have 4"));
  EXPECT_THAT(message_of([] { share_of(Node{64, 4, 0}, {4, 17, {}, 0}); }), HasSubstr("4 ranks a node with 17 CPUs each (the nodes have 64"));
  EXPECT_THAT(message_of([] { share_of(Node{64, 4, 1000}, {0, 0, {}, 2000}); }), HasSubstr("--mem 2000 MiB (the nodes have 1000"));
  EXPECT_THAT(message_of([] { share_of(Node{2, 4, 0}, {}); }), HasSubstr("4 ranks a node with 1 CPUs each (the nodes have 2"));
  EXPECT_THAT(message_of([] { share_of(std::nullopt, {}); }), HasSubstr("add --cpus-per-task N, or --on"));
  EXPECT_EQ(share_of(std::nullopt, {2, 16, 2, 0}).cpus, 16);
}

TEST(SubmitNode, ComesFromWordsToo) {
  auto const cluster = topology::machines_in_words("16 nodes x 8x H100");
  EXPECT_EQ(machines_in(cluster), 16);
  EXPECT_EQ(node_in_cluster(cluster).gpus, 8);
  EXPECT_EQ(node_in_cluster(topology::machines_in_words("64 cores")).cpus, 64);
}

Batch batch() {
  Batch batch;
  batch.name = "book";
  batch.members = {{"/jobs/book.toml", "/jobs/book.h5"}};
  batch.run_options = {"--quiet"};
  batch.muster = "/opt/muster/bin/muster";
  batch.version = "1.2.3";
  batch.nodes = {2, 8};
  batch.share = {8, 8, 8, 512000};
  batch.minutes = 150;
  batch.account = "desk";
  batch.partition = "gpu";
  batch.constraint = "a100|h100";
  batch.again = {"/opt/muster/bin/muster", "submit"};
  return batch;
}

std::string head_of(std::string const& script) { return script.substr(0, script.find("# ---- what follows")); }

TEST(SubmitScript, SaysEverythingSlurmHasToKnow) {
  EXPECT_EQ(head_of(batch_script(batch())),
            "#!/usr/bin/env bash\n"
            "# Written by muster submit 1.2.3. It can be kept and edited; sbatch starts it, from the folder where\n"
            "# its log is to be.\n"
            "#SBATCH --job-name=book\n"
            "#SBATCH --output=book-%j.log\n"
            "#SBATCH --nodes=2-8\n"
            "#SBATCH --ntasks-per-node=8\n"
            "#SBATCH --cpus-per-task=8\n"
            "#SBATCH --gpus-per-node=8\n"
            "#SBATCH --gpu-bind=none\n"
            "#SBATCH --mem=512000M\n"
            "#SBATCH --time=0-02:30:00\n"
            "#SBATCH --account=desk\n"
            "#SBATCH --partition=gpu\n"
            "#SBATCH --constraint=a100|h100\n"
            "#SBATCH --requeue\n"
            "#SBATCH --no-kill\n"
            "#SBATCH --open-mode=append\n"
            "#SBATCH --signal=B:TERM@120\n"
            "# shellcheck disable=SC2034,SC2317  # one setting is not for every job; functions are called through trap\n"
            "\n"
            "muster=/opt/muster/bin/muster\n"
            "launcher=''\n"
            "min_nodes=2\n"
            "stop_s=80\n"
            "term_s=30\n"
            "jobs=(\n  /jobs/book.toml\n)\n"
            "outputs=(\n  /jobs/book.h5\n)\n"
            "task=${SLURM_ARRAY_TASK_ID:-0}\n"
            "set -- \"${jobs[task]}\" --out \"${outputs[task]}\" --quiet\n"
            "again=(/opt/muster/bin/muster submit \"${jobs[task]}\" --out \"${outputs[task]}\")\n");
}

TEST(SubmitScript, LeavesOutWhatWasNotSaid) {
  auto plain = batch();
  plain.share = {1, 4, 0, 0};
  plain.minutes.reset();
  plain.account = plain.partition = plain.constraint = "";
  plain.nodes = {3, 3};
  auto const head = head_of(batch_script(plain));
  EXPECT_THAT(head, HasSubstr("--nodes=3\n"));
  for (auto const* option : {"--ntasks-per-node", "--gpu", "--mem", "--time", "--account", "--partition", "--constraint", "--array"})
    EXPECT_THAT(head, Not(HasSubstr(option))) << option;
}

TEST(SubmitScript, SeveralJobsAreAnArray) {
  auto several = batch();
  several.members = {{"/a.toml", "/a.h5"}, {"/b c.toml", "/b c.h5"}, {"/d.toml", "/d.h5"}};
  auto const head = head_of(batch_script(several));
  EXPECT_THAT(head, HasSubstr("#SBATCH --array=0-2\n"));
  EXPECT_THAT(head, HasSubstr("#SBATCH --output=book-%A_%a.log\n"));
  EXPECT_THAT(head, HasSubstr("jobs=(\n  /a.toml\n  '/b c.toml'\n  /d.toml\n)\n"));
}

TEST(SubmitScript, AShortLimitLeavesTimeToWork) {
  auto brief = batch();
  brief.minutes = 1;
  auto const head = head_of(batch_script(brief));
  EXPECT_THAT(head, HasSubstr("--signal=B:TERM@20\n"));
  EXPECT_THAT(head, HasSubstr("stop_s=13\nterm_s=5\n"));
}

/// Slurm reads every line that begins with #SBATCH before the first command.
std::vector<std::string> options_slurm_reads(std::string const& script) {
  std::vector<std::string> options;
  for (std::size_t at = 0; at < script.size();) {
    auto const end = std::min(script.find('\n', at), script.size());
    auto const line = script.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("#SBATCH")) options.push_back(line);
    else if (!line.empty() && !line.starts_with("#")) break;
  }
  return options;
}

TEST(SubmitScript, ANameCannotBecomeAnOption) {
  auto const usual = options_slurm_reads(batch_script(batch())).size();
  for (auto const* name : {"x\n#SBATCH --uid=0", "-x", "--uid=0", "%A/../../x", "a b", "\"", "'", "", ".hidden", "\xff\xfe"}) {
    auto hostile = batch();
    hostile.name = name;
    hostile.members = {{std::string("/jobs/") + name + ".toml", std::string("/jobs/") + name + ".h5"}};
    auto const options = options_slurm_reads(batch_script(hostile));
    EXPECT_EQ(options.size(), usual) << name;
    EXPECT_THAT(options.front(), ::testing::MatchesRegex("#SBATCH --job-name=[A-Za-z0-9_][A-Za-z0-9_.-]*")) << name;
  }
  EXPECT_EQ(harmless_name("book 1/2"), "book_1_2");
  EXPECT_EQ(harmless_name("-x"), "job-x");
  EXPECT_EQ(harmless_name(std::string(100, 'a')).size(), 64U);
}

TEST(SubmitScript, AnyWordPassesThroughAShellWhole) {
  for (std::string const word : {"", "plain", "a b", "it's", "\"quoted\"", "$(touch /x)", "`id`", "a\nb", "-x", "--", "*", "~", "a\\b", "!!",
                                 "\xff\x01", "'", "''", "#", "a;b&c|d"}) {
    auto const spoken = run_program({"bash"}, "printf %s " + shell_quoted(word) + "\n");
    ASSERT_TRUE(spoken);
    EXPECT_EQ(spoken->out, word);
    EXPECT_EQ(spoken->err, "");
  }
}

TEST(SubmitProgram, TellsWhatItHeard) {
  auto const spoken = run_program({"bash", "-c", "cat; echo problem >&2; exit 3"}, std::string(200'000, 'x'));
  ASSERT_TRUE(spoken);
  EXPECT_EQ(spoken->status, 3);
  EXPECT_EQ(spoken->out, std::string(200'000, 'x'));
  EXPECT_EQ(spoken->err, "problem\n");
  EXPECT_EQ(run_program({"bash", "-c", "kill -9 $$"}, "")->status, 137);
  EXPECT_FALSE(run_program({"muster-no-such-program"}, ""));
  try {
    run_program({"/etc/passwd"}, "");
    FAIL() << "a file that cannot be executed was";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_THAT(error.what(), HasSubstr("/etc/passwd cannot be started (Permission denied)"));
  }
}

TEST(SubmitProgram, WhatTakesTooLongIsKilledAndWhatItSaidCounts) {
  auto const spoken = run_program({"bash", "-c", "echo node1; exec sleep 600"}, "", std::chrono::milliseconds{300});
  EXPECT_EQ(spoken->status, 137);
  EXPECT_EQ(spoken->out, "node1\n");
  EXPECT_EQ(run_program({"bash", "-c", "exit 3"}, "", std::chrono::minutes{1})->status, 3) << "its end is not waited for longer";
}

}  // namespace
}  // namespace muster::cli::submit
