// Rank 0's roll call against ranks played by the test.
#include "orchestrator/roll_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace muster::orchestrator {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using worker::MessageType;

worker::Presence presence_of(std::string const& host, std::string const& version = "1.0") {
  worker::Presence presence{{{"muster", version}, {"MPI", "Open MPI 4.1.4"}}, {}};
  presence.facts.host = host;
  return presence;
}

struct Crowd {
  explicit Crowd(int ranks) : ends(comm::make_in_process(ranks)), call(*ends[0], presence_of("a")) {}
  void report(int rank, worker::Presence const& presence) {
    ends[static_cast<std::size_t>(rank)]->send(0, worker::encode({MessageType::present, 0, 1, 0}, presence));
  }
  /// What rank 0 answered this rank, which must be there already.
  std::optional<worker::Assignment> answer(int rank) {
    auto const message = ends[static_cast<std::size_t>(rank)]->poll(0us);
    if (!message) return std::nullopt;
    worker::WireReader in(message->body);
    EXPECT_EQ(worker::decode_header(in).type, MessageType::assign);
    return worker::decode_assignment(in);
  }
  std::vector<std::unique_ptr<comm::Transport>> ends;
  RollCall call;
};

TEST(RollCall, HearsEveryoneAndAnswersEachOnce) {
  Crowd crowd(3);
  crowd.report(2, presence_of("b"));
  crowd.report(1, presence_of("a"));
  crowd.call.hear(60s);
  EXPECT_EQ(crowd.call.ranks().at(2)->facts.host, "b");
  EXPECT_FALSE(crowd.answer(1));  // pull only, and nothing before the plan
  worker::Assignment assignment;
  assignment.part = worker::Part::compute;
  assignment.consumption.threads = 3;
  crowd.call.assign(1, assignment);
  crowd.call.dismiss(Exit::user, "no job", 1s);
  EXPECT_EQ(crowd.answer(1)->consumption.threads, 3);
  EXPECT_FALSE(crowd.answer(1));
  auto const sent_away = crowd.answer(2);
  ASSERT_TRUE(sent_away);
  EXPECT_EQ(sent_away->part, worker::Part::leave);
  EXPECT_EQ(sent_away->verdict, Exit::user);
  EXPECT_EQ(sent_away->reason, "no job");
}

TEST(RollCall, GoesOnWithoutASilentRank) {
  Crowd crowd(3);
  crowd.report(1, presence_of("a"));
  crowd.call.hear(1s);
  EXPECT_TRUE(crowd.call.ranks()[1]);
  EXPECT_FALSE(crowd.call.ranks()[2]);
  EXPECT_EQ(crowd.call.news().at(0).rank, 2);  // so that the run does not wait for it either
  crowd.call.dismiss(Exit::done, "", 1s);
  EXPECT_FALSE(crowd.answer(2));  // never heard, so never sent anything
}

/// A transport whose machine's watch has something to say.
struct Watched : comm::Transport {
  explicit Watched(comm::Transport& of) : inner(of) {}
  int rank() const override { return inner.rank(); }
  int size() const override { return inner.size(); }
  void send(int to, comm::Bytes body) override { inner.send(to, std::move(body)); }
  std::optional<comm::Envelope> poll(std::chrono::microseconds patience) override { return inner.poll(patience); }
  void wake() override { inner.wake(); }
  void mark_lost(int rank) override {
    lost.push_back(rank);
    inner.mark_lost(rank);
  }
  std::vector<comm::RankNews> take_news() override { return std::exchange(news, {}); }
  std::size_t unsent() const override { return inner.unsent(); }
  std::string describe() const override { return inner.describe(); }
  std::string host() const override { return inner.host(); }
  comm::Transport& inner;
  std::vector<comm::RankNews> news;
  std::vector<int> lost;
};

TEST(RollCall, ADeadRankIsNotWaitedForAndTheRunHearsOfIt) {
  Crowd crowd(3);
  Watched watched(*crowd.ends[0]);
  watched.news = {{1, comm::Fate::dead, 9, 0}};
  RollCall call(watched, presence_of("a"));
  crowd.report(2, presence_of("a"));
  call.hear(600s);  // the test would time out
  EXPECT_FALSE(call.ranks()[1]);
  EXPECT_TRUE(call.ranks()[2]);
  EXPECT_THAT(watched.lost, ::testing::ElementsAre(1));
  ASSERT_EQ(call.news().size(), 1u);
  EXPECT_EQ(call.news()[0].signal, 9);
}

TEST(RollCall, ALateRankIsSentAwayToo) {
  Crowd crowd(2);
  std::atomic<bool> const stop = true;
  EXPECT_THROW(crowd.call.hear(60s, &stop), Error);
  crowd.report(1, presence_of("a"));
  crowd.call.dismiss(Exit::stopped, "stopped", 60s);
  EXPECT_EQ(crowd.answer(1)->verdict, Exit::stopped);
}

TEST(RollCall, AMessageThatMakesNoSenseNamesItsRank) {
  Crowd crowd(2);
  crowd.ends[1]->send(0, worker::encode({MessageType::alive, 0, 1, 0}));
  try {
    crowd.call.hear(60s);
    FAIL() << "it was accepted";
  } catch (Error const& error) {
    EXPECT_THAT(error.what(), HasSubstr("from rank 1: "));
  }
  crowd.call.dismiss(Exit::bug, "nonsense", 1s);
  EXPECT_TRUE(crowd.answer(1));  // it waits for an answer all the same
}

TEST(Software, MustBeAlike) {
  std::vector<std::optional<worker::Presence>> ranks{presence_of("a"), presence_of("b"), std::nullopt};
  EXPECT_NO_THROW(check_software(ranks));
  ranks[2] = presence_of("c", "1.1");
  try {
    check_software(ranks);
    FAIL() << "it was accepted";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_STREQ(error.what(),
                 "rank 2 on c has muster 1.1, rank 0 on a has 1.0 (ranks that differ may compute other bits, or not "
                 "understand each other); install the same muster and the same libraries on every host");
  }
  ranks[2]->software = {{"muster", "1.0"}};
  EXPECT_THROW(check_software(ranks), Error);  // no word about MPI
}

}  // namespace
}  // namespace muster::orchestrator
