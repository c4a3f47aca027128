#include "orchestrator/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace muster::orchestrator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<RankShare> const shares{{0, "a", 60, 1}, {1, "b", 40, 1}};

Progress half_way() {
  Progress progress;
  progress.done_tiles = 1234;
  progress.stage_tiles = 2468;
  progress.last_tiles = 2468;
  progress.units_per_s = 3.21e9;
  progress.eta_s = 61.2;
  progress.elapsed_s = 30;
  progress.unit = "path-steps";
  progress.ranks = shares;
  return progress;
}

TEST(FormatProgress, says_done_rate_eta_and_shares) {
  EXPECT_EQ(format_progress(half_way(), 200),
            "1,234/2,468 tiles  50.0 %  3.21e+09 path-steps/s  ETA 1 min 02 s  ranks 60 40 %");
}

TEST(FormatProgress, a_stop_rule_shows_its_limit) {
  Progress progress = half_way();
  progress.last_tiles = 1'000'000;
  EXPECT_THAT(format_progress(progress, 200), HasSubstr("2,468 tiles (at most 1,000,000)"));
}

TEST(FormatProgress, a_note_and_items_stand_for_tiles_and_units) {
  Progress progress = half_way();
  progress.note = "generation 3 of 50, best 1.32";
  progress.item = "evaluations";
  progress.items_per_s = 1250;
  EXPECT_EQ(format_progress(progress, 200),
            "generation 3 of 50, best 1.32  50.0 %  1.25e+03 evaluations/s  ETA 1 min 02 s  ranks 60 40 %");
}

TEST(FormatProgress, fits_its_width_and_never_rounds_up_to_done) {
  EXPECT_THAT(format_progress(half_way(), 72), Not(HasSubstr("ranks")));
  EXPECT_EQ(format_progress(half_way(), 20).size(), 20u);
  Progress progress = half_way();
  progress.done_tiles = 99'999;
  progress.stage_tiles = 100'000;
  EXPECT_THAT(format_progress(progress, 200), HasSubstr("99.9 %"));
}

TEST(FormatProgress, durations_of_any_length) {
  Progress progress = half_way();
  progress.eta_s = -1;
  EXPECT_THAT(format_progress(progress, 200), Not(HasSubstr("ETA")));
  progress.eta_s = 59;
  EXPECT_THAT(format_progress(progress, 200), HasSubstr("ETA 59 s"));
  progress.eta_s = 2 * 3600 + 61;
  EXPECT_THAT(format_progress(progress, 200), HasSubstr("ETA 2 h 01 min"));
  progress.eta_s = 90'000;
  EXPECT_THAT(format_progress(progress, 200), HasSubstr("ETA 1 d 01 h"));
  progress.eta_s = 1e300;
  EXPECT_THAT(format_progress(progress, 200), HasSubstr("ETA unknown"));
}

TEST(TerminalProgress, plain_lines_at_their_interval_where_no_terminal_is) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file(std::tmpfile(), &std::fclose);
  auto const sink = make_terminal_progress(file.get(), 10);
  Progress progress = half_way();
  for (double elapsed_s : {1.0, 9.0, 11.0, 12.0, 22.0}) {
    progress.elapsed_s = elapsed_s;
    sink->update(progress);
  }
  sink->finish(progress);
  std::rewind(file.get());
  int lines = 0;
  for (int c = 0; (c = std::fgetc(file.get())) != EOF;) {
    EXPECT_NE(c, '\r');
    lines += c == '\n';
  }
  EXPECT_EQ(lines, 2);
}

}  // namespace
}  // namespace muster::orchestrator
