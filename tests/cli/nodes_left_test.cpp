// Nodes of an allocation after a loss, with a Slurm that says what a test wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cli/nodes_left.hpp"
#include "core/error.hpp"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Its answers by the first two words of a command; what has none fails.
class PretendedSlurm {
 public:
  PretendedSlurm() {
    says("scontrol show node[1-4]", "node1\nnode2\nnode3\nnode4\n");
    says("squeue", "16 node9\n17 node[1-4]\n");
    says("srun", "node3\nnode1\nnode4\nnode2\n");
  }
  void says(std::string const& command, std::string const& text, int status = 0) { answers_[command] = {status, text, ""}; }

  AskSlurm ask() {
    return [this](std::vector<std::string> const& words, std::chrono::milliseconds limit) -> std::optional<submit::Spoken> {
      EXPECT_GT(limit.count(), 0);
      asked.push_back(words);
      auto const found = answers_.find(words[0] == "scontrol" ? words[0] + " show " + words.back() : words[0]);
      return found == answers_.end() ? std::nullopt : std::optional(found->second);
    };
  }
  std::vector<std::string> left(std::string const& own = "node1") {
    std::vector<std::string> names;
    for (auto const& node : nodes_left(allocated_nodes("17", own, "node[1-4]", "2(x3),1", ask()), ask())) names.push_back(node.name);
    return names;
  }
  std::vector<std::vector<std::string>> asked;

 private:
  std::map<std::string, submit::Spoken> answers_;
};

TEST(NodesLeft, TasksAreReadAsSlurmWritesThem) {
  EXPECT_THAT(tasks_of_nodes("2(x3),1"), ElementsAre(2, 2, 2, 1));
  EXPECT_THAT(tasks_of_nodes("4"), ElementsAre(4));
  EXPECT_THAT(tasks_of_nodes(""), IsEmpty());
  EXPECT_THAT(tasks_of_nodes("x,2(x),-3(x-1)"), ElementsAre(1, 2, 1));
}

TEST(NodesLeft, EachHasRoomForItsTasks) {
  PretendedSlurm slurm;
  auto const nodes = allocated_nodes("17", "node1", "node[1-4]", "2(x3),1", slurm.ask()).all;
  EXPECT_EQ(ranks_on(nodes, 100), 7);
  EXPECT_EQ(ranks_on({nodes[0], nodes[3]}, 100), 3);
  EXPECT_EQ(ranks_on(nodes, 2), 2) << "as many as were asked for";
}

TEST(NodesLeft, AreAllWhereAllAnswer) {
  PretendedSlurm slurm;
  EXPECT_THAT(slurm.left(), ElementsAre("node1", "node2", "node3", "node4"));
}

TEST(NodesLeft, OneThatBeginsNoStepIsLost) {
  PretendedSlurm slurm;
  slurm.says("srun", "node4\nnode1\n", 137);
  EXPECT_THAT(slurm.left(), ElementsAre("node1", "node4"));
}

TEST(NodesLeft, OneThatSlurmHasTakenOutIsNotAsked) {
  PretendedSlurm slurm;
  slurm.says("squeue", "17 node[2,4]\n");
  slurm.says("scontrol show node[2,4]", "node2\nnode4\n");
  EXPECT_THAT(slurm.left("node2"), ElementsAre("node2", "node4"));
  EXPECT_THAT(slurm.asked.back(), testing::Contains("--nodelist=node2,node4"));
}

TEST(NodesLeft, TheOwnOneIsThereWhateverSlurmSays) {
  PretendedSlurm slurm;
  slurm.says("srun", "node4\n", 1);
  EXPECT_THAT(slurm.left("node2"), ElementsAre("node2", "node4"));
  slurm.says("squeue", "");
  EXPECT_THAT(slurm.left("node2"), ElementsAre("node2"));
}

TEST(NodesLeft, WithoutSlurmThereIsTheOwnOneAlone) {
  PretendedSlurm slurm;
  slurm.says("squeue", "", 1);
  EXPECT_THAT(slurm.left(), ElementsAre("node1"));
  EXPECT_THAT(slurm.left("login"), ElementsAre("node1", "node2", "node3", "node4")) << "nobody knows";
}

TEST(NodesLeft, AnSrunThatBeginsNothingAnywhereSaysNothingOfNodes) {
  PretendedSlurm slurm;
  slurm.says("srun", "", 1);
  EXPECT_THAT(slurm.left(), ElementsAre("node1", "node2", "node3", "node4"));
}

TEST(NodesLeft, NamesOfTheLostAreTold) {
  EXPECT_EQ(names_without({{"a", 1}, {"b", 1}, {"c", 1}}, {{"b", 1}}), "a, c");
}

TEST(NodesLeft, TheLeastNumberIsANumber) {
  EXPECT_EQ(least_nodes(""), 1);
  EXPECT_EQ(least_nodes("4"), 4);
  for (auto const* text : {"0", "-1", "two", "2x", "99999999999", " 1"}) {
    try {
      least_nodes(text);
      FAIL() << text;
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::user);
      EXPECT_THAT(error.what(), HasSubstr(std::string("MUSTER_MIN_NODES = ") + text + " (with how few nodes a run may go on"));
    }
  }
}

}  // namespace
}  // namespace muster::cli
