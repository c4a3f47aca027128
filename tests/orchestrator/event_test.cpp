// Single events and the messages people read; the simulation covers their mixtures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include "orchestrator/events.hpp"
#include "orchestrator/leasing.hpp"

namespace muster::orchestrator {
namespace {

using ::testing::HasSubstr;
using worker::Failure;

class EventTest : public ::testing::Test {
 protected:
  void begin(int ranks, std::vector<std::uint64_t> stages,
             std::optional<Saved> const& saved = std::nullopt) {
    settings.gathering_s = 0;
    state = make_state(ranks, std::move(stages), 1, saved, settings);
  }
  void make_ready(int rank, std::uint32_t consumers = 1) {
    if (rank > 0) on_heard(state, rank, 1, 0, now);
    on_hello(state, rank, fmt::format("node{}", rank));
    answer(state, rank, now, actions);
    if (rank > 0) on_heard(state, rank, 2, 1, now);
    on_ready(state, rank, consumers, 4, 0, now);
    answer(state, rank, now, actions);
  }
  /// The oldest open lease of a rank.
  std::pair<std::uint64_t, OpenLease> lease_of(int rank) const {
    std::pair<std::uint64_t, OpenLease> oldest{UINT64_MAX, {}};
    for (auto const& lease : state.leases)
      if (lease.second.rank == rank && lease.first < oldest.first) oldest = lease;
    return oldest;
  }
  void fail(int rank, Retry retry) {
    on_failure(state, rank, state.epoch,
               Failure{lease_of(rank).first, Exit::job_failed, retry, "CPU", "NaN in tile 3"}, now,
               actions);
  }
  /// Of two ranks, rank 1 is late with its lease; rank 0 has done everything else and gets its tiles as well.
  std::pair<std::uint64_t, OpenLease> hedge_a_late_lease() {
    begin(2, {8});
    make_ready(1);
    make_ready(0);
    auto const late = lease_of(1);
    while (lease_of(0).first != UINT64_MAX) {
      auto const [id, lease] = lease_of(0);
      on_result(state, 0, state.epoch, id, lease.range, 0.01);
      answer(state, 0, now, actions);
    }
    actions.clear();
    on_tick(state, settings.suspect_after_s - 1, actions);
    return late;
  }
  LeaseSettings settings;
  State state;
  Actions actions;
  double now = 0;
};

TEST_F(EventTest, a_rank_is_welcomed_then_gets_its_lookahead) {
  begin(2, {1000});
  on_heard(state, 1, 1, 0, now);
  on_hello(state, 1, "node1");
  answer(state, 1, now, actions);
  ASSERT_EQ(actions.answers.size(), 1u);
  EXPECT_EQ(actions.answers[0].type, AnswerType::welcome);
  EXPECT_EQ(actions.answers[0].sequence, 1u);
  on_heard(state, 1, 2, 1, now);
  on_ready(state, 1, 3, 4, 0, now);
  answer(state, 1, now, actions);
  ASSERT_EQ(actions.answers.size(), 2u);
  EXPECT_EQ(actions.answers[1].type, AnswerType::work);
  EXPECT_EQ(actions.answers[1].lease_count, 6u);
}

TEST_F(EventTest, nothing_is_sent_that_was_not_asked_for) {
  begin(2, {1000});
  make_ready(1);
  actions.clear();
  answer(state, 1, now, actions);
  EXPECT_TRUE(actions.answers.empty()) << "both its messages are answered";
  on_heard(state, 1, 3, 2, now);
  answer(state, 1, now, actions);
  EXPECT_TRUE(actions.answers.empty()) << "its lookahead is full";
  on_alive(state, 1);
  answer(state, 1, now, actions);
  ASSERT_EQ(actions.answers.size(), 1u);
  EXPECT_EQ(actions.answers[0].type, AnswerType::noted);
}

TEST_F(EventTest, seven_unacknowledged_messages_leave_one_for_the_stop) {
  begin(2, {1000});
  make_ready(1);
  for (std::uint64_t sequence = 3; sequence < 30; ++sequence) {
    on_heard(state, 1, sequence, 0, now);
    on_alive(state, 1);
    answer(state, 1, now, actions);
  }
  EXPECT_EQ(state.ranks[1].sent - state.ranks[1].acknowledged, 7u);
  actions.clear();
  on_end(state, Exit::done, "", std::nullopt, now, actions);
  ASSERT_EQ(actions.answers.size(), 1u);
  EXPECT_EQ(actions.answers[0].type, AnswerType::stop);
  EXPECT_EQ(state.ranks[1].sent - state.ranks[1].acknowledged, 8u);
}

TEST_F(EventTest, a_result_counts_once_and_only_as_leased) {
  begin(2, {1000});
  make_ready(1);
  auto const [id, lease] = lease_of(1);
  EXPECT_EQ(on_result(state, 1, state.epoch + 1, id, lease.range, 1), Merge::refuse);
  EXPECT_EQ(on_result(state, 0, state.epoch, id, lease.range, 1), Merge::refuse);
  EXPECT_EQ(on_result(state, 1, state.epoch, id + 999, lease.range, 1), Merge::refuse);
  EXPECT_EQ(on_result(state, 1, state.epoch, id, {lease.range.first, lease.range.count + 1}, 1),
            Merge::refuse);
  EXPECT_EQ(on_result(state, 1, state.epoch, id, lease.range, 1), Merge::commit);
  EXPECT_EQ(on_result(state, 1, state.epoch, id, lease.range, 1), Merge::refuse);
  EXPECT_EQ(state.counters.results_refused, 5u);
  EXPECT_EQ(state.committed.total(), lease.range.count);
}

TEST_F(EventTest, a_useless_retry_ends_the_run_naming_rank_host_and_device) {
  begin(3, {1000});
  make_ready(2);
  fail(2, Retry::useless);
  EXPECT_EQ(state.phase, Phase::over);
  ASSERT_TRUE(state.error);
  EXPECT_EQ(state.error->code(), Exit::job_failed);
  EXPECT_STREQ(state.error->what(), "on rank 2 (node2, CPU): NaN in tile 3");
}

TEST_F(EventTest, a_failed_lease_goes_to_another_rank) {
  begin(2, {1000});
  make_ready(0);
  make_ready(1);
  TileRange const failed = lease_of(1).second.range;
  fail(1, Retry::may_help);
  ASSERT_EQ(state.reissues.size(), 1u);
  on_heard(state, 1, 3, 2, now);
  answer(state, 1, now, actions);
  EXPECT_EQ(state.reissues.size(), 1u) << "not to the one it failed on";
  auto const [id, lease] = lease_of(0);
  on_result(state, 0, state.epoch, id, lease.range, 1);
  answer(state, 0, now, actions);
  bool is_with_0 = false;
  for (auto const& [_, open] : state.leases)
    is_with_0 |= open.rank == 0 && open.range.first == failed.first && open.attempt == 2;
  EXPECT_TRUE(is_with_0);
}

TEST_F(EventTest, a_rank_alone_tries_itself_until_its_attempts_are_spent) {
  begin(1, {4});
  make_ready(0);
  int failures = 0;
  for (; state.phase != Phase::over && failures < 100; ++failures) fail(0, Retry::may_help);
  ASSERT_TRUE(state.error);
  EXPECT_EQ(state.error->code(), Exit::environment);
  EXPECT_THAT(state.error->what(),
              HasSubstr("were not computed in 5 attempts, the last on rank 0 (NaN in tile 3)"));
  EXPECT_GE(failures, 5);
}

TEST_F(EventTest, a_rank_that_fails_three_times_in_a_row_is_barred) {
  begin(2, {1000});
  make_ready(0);
  make_ready(1, 4);
  for (int i = 0; i < 3; ++i) fail(1, Retry::may_help);
  EXPECT_TRUE(state.ranks[1].is_barred);
  EXPECT_EQ(state.ranks[1].leases, 0u);
  EXPECT_THAT(actions.notices.back(), HasSubstr("rank 1 (node1) gets no more work"));
}

TEST_F(EventTest, barred_ranks_are_tried_again_when_no_other_is_left) {
  begin(2, {1000});
  make_ready(0);
  make_ready(1);
  for (int i = 0; i < 3; ++i) fail(0, Retry::may_help);
  ASSERT_TRUE(state.ranks[0].is_barred);
  actions.clear();
  on_tick(state, settings.suspect_after_s + 1, actions);
  on_tick(state, settings.suspect_after_s + 1.1, actions);
  EXPECT_TRUE(state.ranks[1].is_suspect);
  EXPECT_FALSE(state.ranks[0].is_barred);
  EXPECT_GT(state.ranks[0].leases, 0u);
}

TEST_F(EventTest, a_silent_rank_is_suspected_until_heard_again) {
  begin(2, {1000});
  make_ready(0);
  make_ready(1);
  auto const [id, lease] = lease_of(1);
  actions.clear();
  on_tick(state, settings.suspect_after_s - 1, actions);
  EXPECT_FALSE(state.ranks[1].is_suspect);
  on_tick(state, settings.suspect_after_s + 1, actions);
  EXPECT_TRUE(state.ranks[1].is_suspect);
  EXPECT_EQ(state.ranks[1].leases, 0u);
  EXPECT_THAT(
      actions.notices.at(0),
      HasSubstr("rank 1 (node1) is given up until heard again: it has been silent for 6 s"));
  on_heard(state, 1, 3, 2, 20);
  EXPECT_EQ(on_result(state, 1, state.epoch, id, lease.range, 1), Merge::refuse);
  actions.clear();
  answer(state, 1, 20, actions);
  ASSERT_EQ(actions.answers.size(), 1u);
  EXPECT_EQ(actions.answers[0].type, AnswerType::work);
}

TEST_F(EventTest, a_rank_0_that_was_held_up_first_hears_what_has_come_meanwhile) {
  begin(3, {1000});
  make_ready(1);
  make_ready(2);
  on_tick(state, 60, actions);
  EXPECT_EQ(state.counters.ranks_suspected, 0u) << "it may not have come to its messages yet";
  on_heard(state, 1, 3, 2, 60);
  on_tick(state, 60.1, actions);
  EXPECT_FALSE(state.ranks[1].is_suspect);
  EXPECT_TRUE(state.ranks[2].is_suspect);
}

TEST_F(EventTest, an_overdue_lease_goes_to_another_rank_or_waits_on) {
  settings.unmeasured_deadline_s = 5;
  begin(2, {1000});
  make_ready(0);
  on_tick(state, 6, actions);
  EXPECT_EQ(state.counters.leases_expired, 2u);
  EXPECT_EQ(state.ranks[0].leases, 2u) << "nobody else could take it";
  now = 7;
  make_ready(1);
  on_tick(state, 8, actions);
  actions.clear();
  on_tick(state, 7 + 2 * settings.least_deadline_s, actions);
  EXPECT_THAT(actions.notices.at(0), HasSubstr("is given up")) << "rank 1 was silent meanwhile";
  state.ranks[1].is_suspect = false;
  state.ranks[1].heard_at_s = 1000;
  actions.clear();
  on_tick(state, 1000, actions);
  EXPECT_THAT(actions.notices.at(0), HasSubstr("are overdue on rank 0 (node0)"));
}

TEST_F(EventTest, no_rank_left_at_all_ends_the_run) {
  begin(2, {1000});
  make_ready(1);
  on_tick(state, settings.suspect_after_s + 1, actions);
  on_tick(state, settings.suspect_after_s + 1.1, actions);
  EXPECT_EQ(state.phase, Phase::computing) << "rank 0 may still come";
  on_tick(state, settings.start_limit_s + 1, actions);
  ASSERT_TRUE(state.error);
  EXPECT_THAT(state.error->what(), HasSubstr("no rank is left to compute"));
}

TEST_F(EventTest, a_stage_is_judged_when_complete_and_not_overrun) {
  begin(1, {4, 8});
  make_ready(0);
  std::uint64_t committed = 0;
  while (state.phase == Phase::computing) {
    auto const [id, lease] = lease_of(0);
    ASSERT_LE(lease.range.end(), 4u);
    committed += lease.range.count;
    on_result(state, 0, state.epoch, id, lease.range, 1);
    answer(state, 0, now, actions);
  }
  EXPECT_EQ(committed, 4u);
  EXPECT_TRUE(state.leases.empty());
  on_stage_judged(state, StageVerdict::go_on, now, actions);
  EXPECT_EQ(state.phase, Phase::computing);
  EXPECT_EQ(lease_of(0).second.range.first, 4u);
}

TEST_F(EventTest, a_stop_request_lets_open_leases_come_back) {
  begin(1, {1000});
  make_ready(0);
  on_stop_requested(state, now, actions);
  EXPECT_EQ(state.phase, Phase::computing);
  for (int i = 0; i < 2; ++i) {
    auto const [id, lease] = lease_of(0);
    EXPECT_EQ(on_result(state, 0, state.epoch, id, lease.range, 1), Merge::commit);
    answer(state, 0, now, actions);
  }
  EXPECT_EQ(state.phase, Phase::over);
  EXPECT_EQ(state.verdict, Exit::stopped);
}

TEST_F(EventTest, a_device_that_did_not_start_ends_the_run_or_only_its_rank) {
  begin(2, {1000});
  make_ready(1);
  on_hello(state, 0, "node0");
  on_failure(state, 0, state.epoch,
             Failure{0, Exit::environment, Retry::may_help, "cuda:0", "busy"}, now, actions);
  EXPECT_EQ(state.phase, Phase::computing);
  on_failure(state, 0, state.epoch,
             Failure{0, Exit::environment, Retry::useless, "cuda:0", "no such GPU"}, now, actions);
  ASSERT_TRUE(state.error);
  EXPECT_STREQ(state.error->what(), "on rank 0 (node0, cuda:0): no such GPU");
}

TEST_F(EventTest, a_save_comes_back_with_the_next_epoch) {
  Saved saved;
  saved.epoch = 4;
  saved.stage = 1;
  saved.committed = {{0, 5}, {7, 1}};
  saved.sums = {1};
  saved.counters = {{"leases_committed", 3}, {"of_the_future", 9}};
  begin(1, {4, 8}, saved);
  EXPECT_EQ(state.epoch, 5u);
  EXPECT_EQ(state.pending.ranges(), (std::vector<TileRange>{{5, 2}}));
  EXPECT_EQ(state.counters.leases_committed, 3u);
  Saved const again = to_save(state);
  EXPECT_EQ(again.committed, saved.committed);
  EXPECT_EQ(again.stage, 1u);
  EXPECT_EQ(again.tiles_planned, 8u);
}

TEST_F(EventTest, a_save_at_the_end_of_a_stage_is_judged_first) {
  Saved saved;
  saved.committed = {{0, 4}};
  saved.sums = {1};
  begin(1, {4, 8}, saved);
  EXPECT_EQ(state.phase, Phase::judging);
}

TEST_F(EventTest, saves_that_cannot_be_of_this_job_are_refused) {
  Saved const good{1, {{0, 4}}, 1, 8, {1}, {}};
  auto const refusal = [](Saved const& saved) -> std::string {
    try {
      make_state(1, {4, 8}, 1, saved, {});
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::user);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal(good), "");
  Saved bad = good;
  bad.sums = {1, 2};
  EXPECT_THAT(refusal(bad), HasSubstr("has 2 accumulators, the job 1"));
  bad = good;
  bad.stage = 2;
  EXPECT_THAT(refusal(bad), HasSubstr("is in stage 2, the job has 2"));
  bad = good;
  bad.committed = {{0, 3}};
  EXPECT_THAT(refusal(bad), HasSubstr("lacks tiles of the stages before 4"));
  for (std::vector<TileRange> ranges : {std::vector<TileRange>{{0, 9}},
                                        {{0, 4}, {3, 2}},
                                        {{0, 4}, {5, 0}},
                                        {{0, 4}, {UINT64_MAX, 2}}}) {
    bad = good;
    bad.committed = ranges;
    EXPECT_THAT(refusal(bad), HasSubstr("counts tiles"));
  }
  bad = good;
  bad.epoch = UINT32_MAX;
  EXPECT_THAT(refusal(bad), HasSubstr("start over with --fresh"));
}

TEST_F(EventTest, an_acknowledgement_of_the_unsent_is_a_bug) {
  begin(2, {4});
  EXPECT_THROW(on_heard(state, 1, 1, 1, now), Error);
}

TEST_F(EventTest, an_idle_rank_gets_the_tiles_of_a_late_one_and_the_first_answer_counts) {
  auto const [late, of_late] = hedge_a_late_lease();
  ASSERT_EQ(actions.leases.size(), 1u);
  Lease const second = actions.leases[0];
  EXPECT_EQ(second.range.first, of_late.range.first);
  EXPECT_EQ(state.counters.leases_hedged, 1u);
  EXPECT_EQ(on_result(state, 0, state.epoch, second.id, second.range, 0.01), Merge::commit);
  EXPECT_EQ(state.ranks[1].beaten, 1u);
  EXPECT_EQ(on_result(state, 1, state.epoch, late, of_late.range, 90), Merge::refuse);
  EXPECT_EQ(state.ranks[1].beaten, 0u);
  EXPECT_EQ(state.ranks[1].committed_tiles, 0u);
  EXPECT_GT(state.ranks[1].seconds_per_tile, 1) << "its slowness was taken down";
  EXPECT_EQ(on_result(state, 1, state.epoch, late, of_late.range, 90), Merge::refuse);
}

TEST_F(EventTest, a_rank_that_was_beaten_is_told_in_answer_to_its_next_word_and_once) {
  auto const [late, of_late] = hedge_a_late_lease();
  Lease const second = actions.leases.at(0);
  state.stages.push_back(100);  // the run goes on after this stage
  on_result(state, 0, state.epoch, second.id, second.range, 0.01);
  actions.clear();
  answer(state, 1, now, actions);
  EXPECT_TRUE(actions.answers.empty()) << "it has said nothing";
  on_heard(state, 1, 3, 2, now);
  on_alive(state, 1);
  answer(state, 1, now, actions);
  ASSERT_EQ(actions.answers.size(), 1u);
  EXPECT_EQ(actions.answers[0].type, AnswerType::work);
  EXPECT_EQ(actions.answers[0].lease_count, 0u);
  ASSERT_EQ(actions.answers[0].drop_count, 1u);
  EXPECT_EQ(actions.drops.at(0), late);
  actions.clear();
  on_heard(state, 1, 4, 3, now);
  on_alive(state, 1);
  answer(state, 1, now, actions);
  EXPECT_EQ(actions.answers.at(0).drop_count, 0u);
  EXPECT_EQ(state.ranks[1].beaten, 1u) << "it is busy until it says that it has ended";
  on_dropped(state, 1, state.epoch - 1, {late, 1, 30});
  EXPECT_EQ(state.ranks[1].beaten, 1u) << "of another epoch";
  on_dropped(state, 1, state.epoch, {late, 1, 30});
  EXPECT_EQ(state.ranks[1].beaten, 0u);
  EXPECT_EQ(state.counters.leases_dropped, 1u);
  EXPECT_EQ(state.ranks[1].seconds_per_tile, 30) << "its slowness was taken down";
  EXPECT_EQ(on_result(state, 1, state.epoch, late, of_late.range, 90), Merge::refuse);
}

TEST_F(EventTest, an_open_lease_that_its_rank_dropped_is_leased_again) {
  begin(2, {100});
  make_ready(1);
  auto const [id, lease] = lease_of(1);
  on_dropped(state, 1, state.epoch, {id, 1, 1});
  ASSERT_EQ(state.reissues.size(), 1u);
  EXPECT_EQ(state.reissues[0].range, lease.range);
  EXPECT_EQ(state.counters.leases_dropped, 0u);
}

TEST_F(EventTest, what_only_a_beaten_lease_had_is_leased_again) {
  begin(3, {12});
  make_ready(2);
  auto const [late, of_late] = lease_of(2);
  ASSERT_GT(of_late.range.count, 1u);
  OpenLease& open = state.leases.at(late);
  open.is_shared = true;
  open.hedged = 1;
  make_ready(0);
  issue(state, 0, {of_late.range.first, 1}, 1, now, actions).is_shared = true;
  std::uint64_t const second = state.next_lease - 1;
  on_result(state, 0, state.epoch, second, {of_late.range.first, 1}, 1);
  ASSERT_EQ(state.reissues.size(), 1u);
  EXPECT_EQ(state.reissues[0].range, (TileRange{of_late.range.first + 1, of_late.range.count - 1}));
}

// Ranks whose machine saw them die or stop.

TEST_F(EventTest, a_dead_ranks_tiles_go_to_others_at_once) {
  begin(3, {1000});
  make_ready(1);
  make_ready(2);
  auto const [id, lease] = lease_of(1);
  actions.clear();
  on_news(state, {1, comm::Fate::dead, SIGKILL, 0}, now, actions);
  EXPECT_EQ(state.ranks[1].phase, RankPhase::gone);
  EXPECT_EQ(state.counters.ranks_lost, 1u);
  EXPECT_TRUE(has_losses(state));
  ASSERT_EQ(state.reissues.size(), 2u) << "its lookahead of two";
  EXPECT_EQ(state.reissues[0].range, lease.range);
  EXPECT_EQ(state.reissues[0].attempt, 1u) << "the tiles have not failed";
  ASSERT_FALSE(actions.notices.empty());
  EXPECT_THAT(actions.notices[0], HasSubstr("rank 1 (node1) is lost: it was killed by signal 9; its 2 leases"));
  EXPECT_EQ(on_result(state, 1, state.epoch, id, lease.range, 1), Merge::refuse);
  on_news(state, {1, comm::Fate::dead, SIGKILL, 0}, now, actions);
  EXPECT_EQ(state.counters.ranks_lost, 1u) << "two machines may tell the same";
}

TEST_F(EventTest, a_quiet_ranks_tiles_go_to_others_as_well_and_it_is_still_believed) {
  settings.quiet_after_ticks = 3;
  begin(3, {1000});
  make_ready(1);
  make_ready(2);
  auto const [id, lease] = lease_of(1);
  auto const tick_heard_from_2 = [&] {
    on_heard(state, 2, state.ranks[2].heard + 1, state.ranks[2].sent, now);
    on_tick(state, now, actions);
  };
  for (int tick = 0; tick < 2; ++tick) tick_heard_from_2();
  EXPECT_EQ(state.counters.ranks_quiet, 0u);
  actions.clear();
  tick_heard_from_2();
  EXPECT_EQ(state.counters.ranks_quiet, 1u);
  ASSERT_EQ(actions.remarks.size(), 1u);
  EXPECT_THAT(actions.remarks[0], HasSubstr("rank 1 (node1) has said nothing for 0.0 s: others get its 2 leases as well"));
  EXPECT_TRUE(actions.notices.empty()) << "it may be nothing";
  auto const [own, of_2] = lease_of(2);
  actions.clear();
  on_result(state, 2, state.epoch, own, of_2.range, 0.01);
  on_heard(state, 2, state.ranks[2].heard + 1, state.ranks[2].sent, now);
  answer(state, 2, now, actions);
  ASSERT_FALSE(actions.leases.empty());
  Lease const second = actions.leases[0];
  EXPECT_EQ(second.range.first, lease.range.first) << "before any other tile";
  EXPECT_EQ(state.ranks[1].leases, 2u) << "nothing was taken from it";
  on_heard(state, 1, 3, 2, now);
  EXPECT_EQ(state.quiet_ranks, 0u);
  EXPECT_EQ(on_result(state, 1, state.epoch, id, lease.range, 1), Merge::commit) << "it was first";
  EXPECT_EQ(on_result(state, 2, state.epoch, second.id, second.range, 1), Merge::refuse);
}

TEST_F(EventTest, tiles_of_one_kind_of_device_are_not_shared_with_a_quiet_rank) {
  settings.quiet_after_ticks = 1;
  settings.hedging = Hedging::off;
  begin(2, {1000});
  make_ready(1);
  for (int tick = 0; tick < 5; ++tick) on_tick(state, now, actions);
  EXPECT_EQ(state.counters.ranks_quiet, 0u);
}

TEST_F(EventTest, a_stopped_rank_is_a_suspect_until_it_speaks) {
  begin(2, {1000});
  make_ready(1);
  make_ready(0);
  on_news(state, {1, comm::Fate::stopped, 0, 0}, now, actions);
  EXPECT_TRUE(state.ranks[1].is_suspect);
  EXPECT_TRUE(has_losses(state));
  EXPECT_EQ(state.ranks[1].leases, 0u);
  on_heard(state, 1, 3, 2, now);
  EXPECT_FALSE(has_losses(state));
  EXPECT_THROW(on_news(state, {7, comm::Fate::dead, 0, 0}, now, actions), Error);
}

TEST_F(EventTest, tiles_that_kill_three_ranks_are_set_aside_and_the_rest_is_finished) {
  begin(5, {40});
  make_ready(1);
  TileRange const guilty = lease_of(1).second.range;
  for (int rank = 2; rank < 5; ++rank) make_ready(rank);
  make_ready(0);
  /// Everything is computed but the guilty tiles; whoever gets them dies.
  std::uint64_t sequence = 10;
  for (int step = 0; step < 1000 && state.phase == Phase::computing; ++step) {
    auto const leases = state.leases;
    if (leases.empty()) on_tick(state, now, actions);
    for (auto const& [id, lease] : leases) {
      if (state.leases.count(id) == 0) continue;
      if (lease.range.first < guilty.end() && guilty.first < lease.range.end() && lease.rank != 0) {
        on_news(state, {lease.rank, comm::Fate::dead, SIGSEGV, 0}, now, actions);
        break;
      }
      on_result(state, lease.rank, state.epoch, id, lease.range, 0.001);
      if (lease.rank != 0) on_heard(state, lease.rank, ++sequence, state.ranks[lease.rank].sent, now);
      answer(state, lease.rank, now, actions);
    }
    if (state.counters.ranks_lost == 3) break;
  }
  EXPECT_EQ(state.counters.ranks_lost, 3u);
  ASSERT_FALSE(state.set_aside.empty());
  // The rest.
  for (int step = 0; step < 1000 && state.phase == Phase::computing; ++step) {
    auto const leases = state.leases;
    for (auto const& [id, lease] : leases) {
      on_result(state, lease.rank, state.epoch, id, lease.range, 0.001);
      if (lease.rank != 0) on_heard(state, lease.rank, ++sequence, state.ranks[lease.rank].sent, now);
      answer(state, lease.rank, now, actions);
    }
    if (leases.empty()) answer(state, 0, now, actions);
  }
  ASSERT_EQ(state.phase, Phase::over);
  EXPECT_EQ(state.verdict, Exit::job_failed);
  EXPECT_EQ(state.committed.total() + state.set_aside.total(), 40u);
  for (TileRange range : state.set_aside.ranges()) {
    EXPECT_GE(range.first, guilty.first);
    EXPECT_LE(range.end(), guilty.end());
  }
  EXPECT_THAT(state.reason, HasSubstr("node1: it was killed by signal 11"));
  EXPECT_THAT(state.reason, HasSubstr("all other tiles are committed"));
}

TEST_F(EventTest, memory_that_ran_out_is_named_and_counts_as_the_tiles_own_doing) {
  begin(3, {1000});
  make_ready(1);
  make_ready(2);
  actions.clear();
  on_news(state, {1, comm::Fate::dead, SIGKILL, 2}, now, actions);
  EXPECT_THAT(actions.notices.at(0), HasSubstr("memory ran out: 2 kills so far in this cgroup"));
  ASSERT_EQ(state.casualties.size(), 1u) << "one consumer, so one lease was being computed";
  EXPECT_TRUE(state.casualties[0].is_by_own);
}

TEST_F(EventTest, kills_from_outside_set_nothing_aside_so_soon) {
  begin(5, {1000});
  for (int rank = 1; rank < 5; ++rank) make_ready(rank);
  for (int rank = 1; rank < 4; ++rank) {
    state.casualties.push_back({{0, 1}, rank, "killed", false});
  }
  auto const [id, lease] = lease_of(1);
  ASSERT_EQ(lease.range.first, 0u);
  on_news(state, {1, comm::Fate::dead, SIGKILL, 0}, now, actions);
  EXPECT_TRUE(state.set_aside.empty());
  ASSERT_FALSE(state.reissues.empty());
  EXPECT_TRUE(state.reissues[0].is_risky);
  EXPECT_EQ(state.reissues[0].range.count, 1u) << "in pieces";
}

// How many tiles a lease has.

TEST_F(EventTest, leases_aim_at_their_time_in_whole_batches) {
  begin(1, {1'000'000});
  make_ready(0);
  RankState& rank = state.ranks[0];
  EXPECT_EQ(lease_tiles(state, rank), 4u)
      << "what the device prefers, as long as nothing is measured";
  note_speed(state, rank, 10, 0.1);  // 10 ms a tile
  EXPECT_EQ(lease_tiles(state, rank), 24u) << "25 tiles take 0.25 s; batches are of 4";
  note_speed(state, rank, 1, 100);
  EXPECT_EQ(lease_tiles(state, rank), 1u);
}

TEST_F(EventTest, leases_shrink_towards_the_end_but_not_to_dust) {
  begin(2, {1000});
  make_ready(0);
  make_ready(1);
  for (RankState& rank : state.ranks) note_speed(state, rank, 1, 0.001);
  EXPECT_EQ(lease_tiles(state, state.ranks[0]), (1000 - 16) / 4u) << "half of a fair half";
  while (state.pending.total() > 100) state.pending.take_front(1);
  EXPECT_EQ(lease_tiles(state, state.ranks[0]), 25u);
  while (state.pending.total() > 4) state.pending.take_front(1);
  EXPECT_EQ(lease_tiles(state, state.ranks[0]), 5u) << "5 ms of work";
}

TEST_F(EventTest, rank_0_is_calm_while_all_have_work_and_the_end_is_far) {
  begin(2, {100'000});
  EXPECT_FALSE(is_calm(state)) << "nobody is there";
  make_ready(0);
  EXPECT_FALSE(is_calm(state)) << "rank 1 is to come";
  make_ready(1);
  EXPECT_FALSE(is_calm(state)) << "nobody knows their speed";
  for (int rank : {0, 1}) {
    auto const [id, lease] = lease_of(rank);
    if (rank > 0) on_heard(state, rank, 3, 2, now);
    on_result(state, rank, state.epoch, id, lease.range, 0.03 * static_cast<double>(lease.range.count));
    answer(state, rank, now, actions);
  }
  EXPECT_TRUE(is_calm(state));
  auto const kept = state.ranks[1].leases;
  state.ranks[1].leases = 0;
  EXPECT_FALSE(is_calm(state)) << "a rank is idle";
  state.ranks[1].is_suspect = true;
  EXPECT_TRUE(is_calm(state)) << "of one that is given up nothing is waited for";
  state.ranks[1].is_suspect = false;
  state.ranks[1].leases = kept;
  state.pending = {};
  state.pending.insert({99'990, 10});
  EXPECT_FALSE(is_calm(state)) << "the end is near";
}

TEST_F(EventTest, the_limit_of_tiles_holds_however_fast_they_are) {
  settings.max_tiles_per_lease = 16;
  begin(1, {1'000'000});
  make_ready(0);
  note_speed(state, state.ranks[0], 16, 0);
  EXPECT_EQ(lease_tiles(state, state.ranks[0]), 16u);
}

TEST_F(EventTest, ranks_still_to_come_are_kept_their_share) {
  settings.gathering_s = 2;
  state = make_state(4, {64}, 1, std::nullopt, settings);
  on_hello(state, 0, "node0");
  on_ready(state, 0, 1, 64, 0, 0.1);
  EXPECT_EQ(lease_tiles(state, state.ranks[0]), 8u);
  Actions out;
  on_tick(state, 2.5, out);
  EXPECT_EQ(lease_tiles(state, state.ranks[0]), 32u);
}

class JointTest : public EventTest {
 protected:
  /// Three ranks with a GPU each compute the second of some stages of 8 tiles together.
  void SetUp() override {
    begin(3, {8, 16, 24, 32, 40, 48});
    state.has_steps = state.may_meet = true;
    for (int rank : {0, 1, 2}) make_ready(rank);
    for (int rank : {0, 1, 2}) state.ranks[rank].cards = 1;
    while (!state.leases.empty()) {
      auto const [id, lease] = *state.leases.begin();
      hear(lease.rank);
      on_result(state, lease.rank, state.epoch, id, lease.range, 0.01);
      answer(state, lease.rank, now, actions);
    }
    ASSERT_EQ(state.phase, Phase::judging);
    for (int rank : {1, 2}) hear(rank);
    state.is_joint = true;
    actions.clear();
    on_stage_judged(state, StageVerdict::go_on, now, actions);
    ASSERT_TRUE(state.together);
  }
  void hear(int rank) {
    if (rank > 0) on_heard(state, rank, state.ranks[rank].heard + 1, state.ranks[rank].sent, now);
  }
  std::uint64_t joint_lease(int rank) const {
    for (auto const& member : state.together->members)
      if (member.rank == rank) return member.lease;
    return 0;
  }
  std::vector<int> answered() const {
    std::vector<int> ranks;
    for (auto const& one : actions.answers) ranks.push_back(one.rank);
    std::sort(ranks.begin(), ranks.end());
    return ranks;
  }
  /// Ids that a rank is told to drop.
  std::vector<std::uint64_t> drops_of(int rank) const {
    for (auto const& one : actions.answers)
      if (one.rank == rank && one.drop_count > 0)
        return {actions.drops.begin() + static_cast<std::ptrdiff_t>(one.first_drop),
                actions.drops.begin() + static_cast<std::ptrdiff_t>(one.first_drop + one.drop_count)};
    return {};
  }
  void drop(int rank, std::uint64_t lease, std::uint64_t tiles) {
    hear(rank);
    on_dropped(state, rank, state.epoch, {lease, tiles, 0.1});
    answer(state, rank, now, actions);
  }
  /// Rank 0 is there, with all tiles before `end`.
  void reach(std::uint64_t end) {
    auto const stage = state.together->stage;
    EXPECT_EQ(on_result(state, 0, state.epoch, joint_lease(0), stage, 0.1), Merge::commit);
    on_ran_ahead(state, 0, end, 0.2);
    actions.clear();
    on_stage_judged(state, StageVerdict::go_on, now, actions);
  }
};

TEST_F(JointTest, a_stage_goes_to_all_ranks_at_once) {
  EXPECT_EQ(answered(), (std::vector<int>{0, 1, 2}));
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(actions.answers[i].joint, i);
    EXPECT_EQ(actions.leases[actions.answers[i].first_lease].range, (TileRange{8, 8}));
    EXPECT_EQ(actions.answers[i].step_from, i == 0 ? std::nullopt : std::optional<std::uint64_t>(0));
  }
  EXPECT_TRUE(state.pending.empty());
}

TEST_F(JointTest, ranks_meet_again_from_where_they_came) {
  auto const of_1 = joint_lease(1), of_2 = joint_lease(2);
  drop(1, of_1, 24);  // before rank 0's own word
  reach(32);
  EXPECT_TRUE(answered().empty()) << "rank 2 is on its way";
  EXPECT_EQ(state.committed.total(), 32u);
  drop(2, of_2, 24);
  ASSERT_TRUE(state.together);
  EXPECT_EQ(answered(), (std::vector<int>{0, 1, 2}));
  for (auto const& one : actions.answers) EXPECT_FALSE(one.step_from) << "all carry it";
  EXPECT_EQ(state.together->stage, (TileRange{32, 8}));
  EXPECT_EQ(state.meeting, 1u);
  EXPECT_EQ(state.counters.stages_together, 3u);
  EXPECT_EQ(state.ranks[0].committed_tiles + state.ranks[1].committed_tiles + state.ranks[2].committed_tiles, 32u);
}

TEST_F(JointTest, a_rank_that_came_less_far_gets_what_is_carried) {
  auto const of_1 = joint_lease(1), of_2 = joint_lease(2);
  reach(32);
  drop(1, of_1, 24);
  drop(2, of_2, 16);
  ASSERT_TRUE(state.together);
  for (auto const& one : actions.answers) EXPECT_EQ(one.step_from.has_value(), one.rank == 2);
}

TEST_F(JointTest, a_lost_rank_ends_it_for_all) {
  auto const of_0 = joint_lease(0), of_1 = joint_lease(1);
  hear(1);
  actions.clear();
  on_news(state, {2, comm::Fate::dead, SIGKILL, 0}, now, actions);
  EXPECT_EQ(drops_of(0), (std::vector<std::uint64_t>{of_0}));
  EXPECT_EQ(drops_of(1), (std::vector<std::uint64_t>{of_1}));
  EXPECT_FALSE(state.together);
  EXPECT_EQ(state.pending.total(), 8u);
  drop(0, of_0, 0);
  EXPECT_FALSE(state.together) << "rank 1 may still be in the middle of a sum";
  actions.clear();
  drop(1, of_1, 0);
  ASSERT_TRUE(state.together);
  EXPECT_EQ(state.together->members.size(), 2u);
  EXPECT_EQ(state.meeting, 2u);
  EXPECT_EQ(on_result(state, 0, state.epoch, of_0, {8, 8}, 0.1), Merge::refuse) << "it ended before";
}

TEST_F(JointTest, a_silent_rank_ends_it_for_all_and_drops_its_own_when_heard_again) {
  auto const of_0 = joint_lease(0), of_1 = joint_lease(1), of_2 = joint_lease(2);
  now = settings.suspect_after_s + 1;
  for (int tick = 0; tick < 2; ++tick) {
    actions.clear();
    hear(1);
    on_tick(state, now, actions);
  }
  EXPECT_EQ(drops_of(0), (std::vector<std::uint64_t>{of_0}));
  EXPECT_EQ(drops_of(1), (std::vector<std::uint64_t>{of_1}));
  drop(0, of_0, 0);
  drop(1, of_1, 0);
  ASSERT_TRUE(state.together);
  EXPECT_EQ(state.together->members.size(), 2u);
  actions.clear();
  hear(2);
  answer(state, 2, now, actions);
  EXPECT_EQ(drops_of(2), (std::vector<std::uint64_t>{of_2}));
  EXPECT_EQ(actions.leases.size(), 0u);
}

TEST_F(JointTest, meetings_that_fail_again_and_again_are_given_up) {
  for (unsigned meeting = 1; meeting <= settings.meetings; ++meeting) {
    ASSERT_TRUE(state.together) << meeting;
    EXPECT_EQ(state.meeting, meeting);
    std::map<int, std::uint64_t> leases;
    for (int rank : {0, 1, 2}) leases[rank] = joint_lease(rank);
    actions.clear();
    hear(2);
    on_failure(state, 2, state.epoch, {leases[2], Exit::environment, Retry::may_help, "cuda:0", "no link"}, now, actions);
    ASSERT_FALSE(actions.notices.empty());
    EXPECT_THAT(actions.notices[0], HasSubstr(meeting < settings.meetings ? "no link: the ranks meet again" : "sums go through rank 0"));
    drop(0, leases[0], 0);
    drop(1, leases[1], 0);
    hear(2);
    answer(state, 2, now, actions);
  }
  EXPECT_FALSE(state.together);
  EXPECT_FALSE(state.leases.empty()) << "of tiles, as ever";
}

TEST_F(JointTest, a_stage_that_is_declined_is_leased_as_others_are) {
  std::map<int, std::uint64_t> leases;
  for (int rank : {0, 1, 2}) leases[rank] = joint_lease(rank);
  for (int rank : {0, 1, 2}) drop(rank, leases[rank], 0);
  EXPECT_FALSE(state.together);
  EXPECT_FALSE(state.leases.empty());
}

TEST_F(JointTest, a_stop_waits_for_it_to_end) {
  std::map<int, std::uint64_t> leases;
  for (int rank : {0, 1, 2}) leases[rank] = joint_lease(rank);
  on_stop_requested(state, now, actions);
  EXPECT_NE(state.phase, Phase::over);
  reach(32);
  EXPECT_NE(state.phase, Phase::over) << "two have not ended";
  drop(1, leases[1], 24);
  drop(2, leases[2], 24);
  EXPECT_EQ(state.phase, Phase::over);
  EXPECT_EQ(state.verdict, Exit::stopped);
}

}  // namespace
}  // namespace muster::orchestrator
