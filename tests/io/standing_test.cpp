// What a run's files say to those who only look: verdicts, stop requests.
#include "io/standing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "io/run_files.hpp"
#include "io/run_state.hpp"
#include "io/stop_request.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;
using Is = Standing::Is;

[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::error), true);

TEST(Standing, FollowsARun) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  EXPECT_EQ(standing_of(output).is, Is::nothing);
  {
    RunState state = RunState::create(output, sample_identity());
    EXPECT_EQ(standing_of(output).is, Is::running);
    EXPECT_EQ(exit_code(standing_of(output)), 75);
  }
  EXPECT_EQ(standing_of(output).is, Is::interrupted) << "no verdict and no owner: it was killed";
  EXPECT_EQ(exit_code(standing_of(output)), 75);
  for (Exit const verdict :
       {Exit::user, Exit::environment, Exit::job_failed, Exit::bug, Exit::stopped}) {
    {
      RunState state = RunState::open(output, sample_identity().job_hash, 3);
      EXPECT_FALSE(standing_of(output).verdict) << "a verdict is one start's";
      state.finish(verdict, "why");
      EXPECT_EQ(standing_of(output).is, Is::over);
    }
    EXPECT_EQ(standing_of(output).verdict, verdict);
    EXPECT_EQ(exit_code(standing_of(output)), static_cast<int>(verdict));
    EXPECT_EQ(standing_of(output).saved->message, "why");
  }
  RunState state = RunState::open(output, sample_identity().job_hash, 3);
  write_result(output, sample_result(), sample_digests);
  EXPECT_FALSE(standing_of(output).verdict) << "the result is there, the verdict is not";
  state.finish(Exit::done);
  EXPECT_EQ(standing_of(output).verdict, Exit::done);
  state.discard();
  EXPECT_EQ(standing_of(output).verdict, Exit::done);
  EXPECT_FALSE(standing_of(output).saved);
}

TEST(Standing, ADamagedStateIsRefused) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  spill(state_path(output, {1, 1}), "MUSTRSTA");
  EXPECT_THAT(message_of(Exit::user, [&] { standing_of(output); }), HasSubstr("F.h5.state.1.1"));
}

TEST(StopRequest, ReachesTheOwnerOfTheLock) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  RunState state = RunState::create(output, sample_identity());
  EXPECT_FALSE(read_stop(output));
  request_stop(output);
  auto const request = read_stop(output);
  ASSERT_TRUE(request);
  EXPECT_TRUE(is_for(*request, state.lock().owner()));
  EXPECT_EQ(request->from.pid, ::getpid());
  state.finish(Exit::stopped, "as asked");
  EXPECT_FALSE(std::filesystem::exists(stop_path(output))) << "it was heard";
}

TEST(StopRequest, NeedsSomebodyToHearIt) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  EXPECT_THAT(message_of(Exit::user, [&] { request_stop(output); }),
              HasSubstr("nothing is running on " + output.string()));
  OwnerRecord owner = this_process();
  owner.boot = "another boot";
  spill(lock_path(output), format_owner(owner));
  EXPECT_THAT(message_of(Exit::user, [&] { request_stop(output); }),
              HasSubstr("does not run any more"));
  EXPECT_FALSE(std::filesystem::exists(stop_path(output)));
}

TEST(StopRequest, DoesNotBindALaterStart) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  StopRequest request{{"node07", 4711, "2026-01-31T09:30:00Z"}, {"login1", 12, ""}};
  spill(stop_path(output), format_stop(request));
  RunState const state = RunState::create(output, sample_identity());
  EXPECT_FALSE(std::filesystem::exists(stop_path(output)));
}

TEST(StopRequest, ReadsBackOrIsNone) {
  StopRequest const request{{"node07", 4711, "2026-01-31T09:30:00Z"},
                            {"login1", 12, "2026-01-31T09:31:00Z"}};
  auto const read = parse_stop(format_stop(request));
  ASSERT_TRUE(read);
  EXPECT_EQ(format_stop(*read), format_stop(request));
  for (std::string const text :
       {"", "muster-stop 2\n", "muster-stop 1\nto_host h\n",
        "muster-stop 1\nto_host h\nto_pid x\nfrom_pid 1\n", "muster-stop 1\nto_pid 1\nfrom_pid 1\n",
        "muster-stop 1\nto_host \x1B\nto_pid 1\nfrom_pid 1\n"})
    EXPECT_FALSE(parse_stop(text)) << text;
  Scratch scratch;
  spill(stop_path(scratch / "F.h5"), std::string(10'000, 'x'));
  EXPECT_FALSE(read_stop(scratch / "F.h5")) << "too large to be one";
}

}  // namespace
}  // namespace muster::io
