#include "comm/reduce.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "core/error.hpp"

namespace muster::comm {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(InProcessReducer, all_get_the_sums_again_and_again) {
  constexpr int ranks = 4, rounds = 200;
  auto ends = make_in_process_reducers(ranks);
  std::vector<std::jthread> threads;
  std::vector<int> faults(ranks, 0);
  for (int rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      for (int round = 0; round < rounds; ++round) {
        std::vector<std::int64_t> values{rank + round, -rank, 1};
        ends[rank]->sum(values.data(), values.size(), 60s);
        if (values != std::vector<std::int64_t>{6 + 4 * round, -6, 4}) ++faults[rank];
      }
    });
  threads.clear();
  EXPECT_EQ(faults, std::vector<int>(ranks, 0));
  EXPECT_EQ(ends[3]->rank(), 3);
  EXPECT_EQ(ends[3]->size(), ranks);
  EXPECT_EQ(ends[3]->memory(), Reducer::Memory::host);
}

TEST(InProcessReducer, sums_wrap_around) {
  auto ends = make_in_process_reducers(2);
  std::int64_t a = std::numeric_limits<std::int64_t>::max(), b = 1;
  {
    std::jthread other([&] { ends[1]->sum(&b, 1, 60s); });
    ends[0]->sum(&a, 1, 60s);
  }
  EXPECT_EQ(a, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(b, a);
}

TEST(InProcessReducer, a_missing_rank_ends_in_an_error_for_all) {
  auto ends = make_in_process_reducers(3);
  std::int64_t value = 1;
  for (int rank : {0, 1}) {
    try {
      ends[rank]->sum(&value, 1, 10ms);
      FAIL();
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::environment);
      EXPECT_EQ(error.retry(), Retry::may_help);
      EXPECT_THAT(error.what(), HasSubstr("a sum over 3 ranks"));
    }
  }
  EXPECT_EQ(value, 1);
}

TEST(InProcessReducer, different_counts_are_a_bug) {
  auto ends = make_in_process_reducers(2);
  std::vector<std::int64_t> two(2, 1);
  std::string first;
  {
    std::jthread other([&] {
      try {
        ends[1]->sum(two.data(), 1, 60s);
      } catch (Error const& error) {
        first = error.what();
      }
    });
    EXPECT_THROW(ends[0]->sum(two.data(), 2, 60s), Error);
  }
  EXPECT_FALSE(first.empty());
}

TEST(NcclReducer, a_build_without_nccl_says_so) {
  if (has_nccl()) GTEST_SKIP() << "this build has NCCL";
  try {
    make_nccl_reducer({}, 0, 1, 0, 1s);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_THAT(error.what(), HasSubstr("this build has no NCCL"));
  }
  EXPECT_THROW(make_nccl_id(), Error);
}

}  // namespace
}  // namespace muster::comm
