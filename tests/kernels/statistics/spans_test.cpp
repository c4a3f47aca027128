#include "kernels/statistics/spans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::kernels {
bool operator==(BarSpan a, BarSpan b) { return a.begin == b.begin && a.end == b.end; }
void PrintTo(BarSpan s, std::ostream* out) { *out << "[" << s.begin << ", " << s.end << ")"; }
}  // namespace muster::kernels

namespace {

using namespace muster::kernels;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Spans, EveryBarIsValidatedOnce) {
  for (std::uint64_t bars : {10u, 11u, 2520u})
    for (std::uint32_t folds : {1u, 3u, 5u, 10u}) {
      std::uint64_t next = 0;
      for (Fold const& fold : purged_folds(bars, folds, {1, 1})) {
        EXPECT_EQ(fold.validation.begin, next);
        next = fold.validation.end;
        EXPECT_LE(fold.validation.bars() - bars / folds, 1u);
      }
      EXPECT_EQ(next, bars);
    }
}

TEST(Spans, TrainingKeepsItsDistance) {
  auto const folds = purged_folds(100, 5, {6, 3});
  EXPECT_THAT(folds[0].train, ElementsAre(BarSpan{29, 100}));
  EXPECT_THAT(folds[2].train, ElementsAre(BarSpan{0, 34}, BarSpan{69, 100}));
  EXPECT_THAT(folds[4].train, ElementsAre(BarSpan{0, 74}));
}

// What a training bar reads (its look-back) or holds (its limit) and what a validation bar does never meet.
TEST(Spans, InformationOfTrainingAndValidationNeverMeets) {
  std::uint64_t const look_back = 7, holding = 4;
  for (Fold const& fold : purged_folds(200, 4, {look_back + holding, 5}))
    for (BarSpan const& train : fold.train)
      for (std::uint64_t t = train.begin; t < train.end; ++t) {
        bool const before = t + holding + look_back < fold.validation.begin;
        bool const after = t >= fold.validation.end + holding + look_back;
        EXPECT_TRUE(before || after) << t;
      }
}

TEST(Spans, WalkForwardTrainsOnThePastAlone) {
  auto const anchored = walk_forward(100, 4, {5, 9});
  ASSERT_EQ(anchored.size(), 4u);
  EXPECT_THAT(anchored[0].train, ElementsAre(BarSpan{0, 15}));
  EXPECT_EQ(anchored[0].validation, (BarSpan{20, 40}));
  EXPECT_THAT(anchored[3].train, ElementsAre(BarSpan{0, 75}));
  EXPECT_EQ(anchored[3].validation, (BarSpan{80, 100}));
  auto const rolling = walk_forward(100, 4, {5, 9}, 12);
  EXPECT_THAT(rolling[0].train, ElementsAre(BarSpan{3, 15}));
  EXPECT_THAT(rolling[3].train, ElementsAre(BarSpan{63, 75}));
}

TEST(Spans, HugeGapsLeaveNothingAndDoNotOverflow) {
  std::uint64_t const huge = ~std::uint64_t{0};
  for (Fold const& fold : purged_folds(100, 4, {huge, huge})) EXPECT_THAT(fold.train, IsEmpty());
  for (Fold const& fold : walk_forward(100, 4, {huge, 0}, huge)) EXPECT_THAT(fold.train, IsEmpty());
}

TEST(Spans, FaultsNameTheFold) {
  EXPECT_EQ(fault_in_folds(100, 5, purged_folds(100, 5, {6, 3})), "");
  EXPECT_EQ(fault_in_folds(100, 4, walk_forward(100, 4, {5, 0})), "");
  EXPECT_THAT(fault_in_folds(100, 0, purged_folds(100, 0, {})),
              HasSubstr("folds = 0 (there must be at least 1); give more"));
  EXPECT_THAT(fault_in_folds(3, 5, purged_folds(3, 5, {})),
              HasSubstr("folds = 5 of 3 bars: fold 1 has no bar to be judged on; use fewer folds"));
  EXPECT_THAT(fault_in_folds(100, 4, walk_forward(100, 4, {20, 0})),
              HasSubstr("fold 1 has no bar left to train on (the look-back, holding limit"));
  EXPECT_THAT(fault_in_folds(100, 1, purged_folds(100, 1, {})), HasSubstr("no bar left to train on"));
}

}  // namespace
