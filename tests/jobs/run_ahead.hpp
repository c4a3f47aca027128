// A runner that goes from stage to stage by itself, beside one that is led through all of them.
#pragma once

#include <gtest/gtest.h>

#include "jobs/job.hpp"

namespace muster::test {

struct Laps {
  int laps = 0, stages = 0;
};

/// Stage by stage with one runner, and ahead in as many stages as the test allows with the other: the same digests, and the same is
/// carried in the end.
inline void expect_same_ahead(jobs::Job const& job, jobs::TileRunner& apart, jobs::TileRunner& ahead, Laps& count) {
  auto const& steps = *job.steps();
  std::vector<TileDigest> one_by_one, at_once;
  auto carry = steps.first(1), carried = carry;
  std::uint64_t begin = 0, reached = 0;
  int most = 0;
  for (auto const end : job.stages()) {
    Slots sums(jobs::slots_of_stage(job, {begin, end - begin}), 0);
    std::vector<TileDigest> digests(end - begin);
    auto const run = [&](jobs::TileRunner& runner, jobs::CarryPtr const& from) {
      auto const window = job.window({begin, end - begin});
      std::ranges::fill(sums, 0);
      runner.enter(from);
      runner.run({begin, end - begin}, std::span(sums).subspan(window.first, window.count), digests);
      return steps.next(from, sums, 1);
    };
    if (begin == reached) {
      ahead.enter(carried);
      int left = ++most % 11;
      if (auto const lap = ahead.run_ahead({begin, end - begin}, [&] { return left-- == 0; })) {
        at_once.insert(at_once.end(), lap->digests.begin(), lap->digests.end());
        reached += lap->digests.size();
        carried = lap->carry;
        ++count.laps;
      } else {
        carried = run(ahead, carried);
        at_once.insert(at_once.end(), digests.begin(), digests.end());
        reached = end;
      }
    }
    carry = run(apart, carry);
    one_by_one.insert(one_by_one.end(), digests.begin(), digests.end());
    begin = end;
    ++count.stages;
    if (reached == end) {
      ASSERT_EQ(steps.encode(*carry), steps.encode(*carried)) << "behind stage " << count.stages;
      ASSERT_EQ(one_by_one, at_once);
    }
    if (steps.is_done(*carry)) break;
  }
  EXPECT_EQ(reached, begin);
}

}  // namespace muster::test
