#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "comm/transport.hpp"
#include "core/error.hpp"

namespace muster::comm {
namespace {

using namespace std::chrono_literals;

Bytes bytes_of(int value) { return Bytes(4, static_cast<std::byte>(value)); }

TEST(InProcess, ranks_know_themselves) {
  auto ends = make_in_process(3);
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(ends[rank]->rank(), rank);
    EXPECT_EQ(ends[rank]->size(), 3);
    EXPECT_EQ(ends[rank]->unsent(), 0u);
    EXPECT_EQ(ends[rank]->describe(), "in-process");
    EXPECT_FALSE(ends[rank]->host().empty());
  }
}

TEST(InProcess, messages_arrive_in_order_with_their_sender) {
  auto ends = make_in_process(2);
  for (int i = 0; i < 100; ++i) ends[1]->send(0, bytes_of(i));
  for (int i = 0; i < 100; ++i) {
    auto const message = ends[0]->poll(0us);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->from, 1);
    EXPECT_EQ(message->body, bytes_of(i));
  }
  EXPECT_FALSE(ends[0]->poll(0us));
}

TEST(InProcess, a_rank_may_send_to_itself_and_nothing_at_all) {
  auto ends = make_in_process(1);
  ends[0]->send(0, {});
  auto const message = ends[0]->poll(0us);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->body.empty());
}

TEST(InProcess, poll_waits_for_its_patience_only) {
  auto ends = make_in_process(2);
  auto const start = std::chrono::steady_clock::now();
  EXPECT_FALSE(ends[0]->poll(20ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
}

TEST(InProcess, a_message_ends_the_wait) {
  auto ends = make_in_process(2);
  std::jthread sender([&] { ends[1]->send(0, bytes_of(7)); });
  auto const message = ends[0]->poll(60s);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, bytes_of(7));
}

TEST(InProcess, wake_ends_this_wait_or_the_next) {
  auto ends = make_in_process(2);
  auto const start = std::chrono::steady_clock::now();
  ends[0]->wake();
  EXPECT_FALSE(ends[0]->poll(60s));
  std::jthread waker([&] { ends[0]->wake(); });
  EXPECT_FALSE(ends[0]->poll(60s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
}

TEST(InProcess, a_lost_rank_is_sent_nothing_and_not_heard) {
  auto ends = make_in_process(2);
  ends[1]->send(0, bytes_of(1));
  ends[0]->mark_lost(1);
  ends[0]->send(1, bytes_of(2));
  EXPECT_FALSE(ends[0]->poll(0us));
  EXPECT_FALSE(ends[1]->poll(0us));
}

TEST(InProcess, refuses_ranks_that_do_not_exist) {
  auto ends = make_in_process(2);
  try {
    ends[0]->send(2, {});
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::bug);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("rank 2 of 2"));
  }
  EXPECT_THROW(make_in_process(0), Error);
}

TEST(InProcess, many_senders_lose_nothing) {
  constexpr int senders = 4, messages = 5000;
  auto ends = make_in_process(senders + 1);
  std::vector<std::jthread> threads;
  for (int rank = 1; rank <= senders; ++rank)
    threads.emplace_back([&, rank] {
      for (int i = 0; i < messages; ++i) ends[rank]->send(0, bytes_of(i));
    });
  std::vector<int> next(senders + 1, 0);
  for (int i = 0; i < senders * messages; ++i) {
    auto const message = ends[0]->poll(60s);
    ASSERT_TRUE(message);
    ASSERT_EQ(message->body, bytes_of(next[message->from]++));
  }
  EXPECT_FALSE(ends[0]->poll(0us));
}

}  // namespace
}  // namespace muster::comm
