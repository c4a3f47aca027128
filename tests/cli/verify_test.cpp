// verify and replay on results that are whole as files but hold another answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/stored_result.hpp"
#include "core/error.hpp"
#include "io/result_file.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Forged : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("muster_verify_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    RunOptions options;
    options.job = job();
    options.machine.device = topology::DeviceChoice::cpu;
    options.output = folder_ / "true.h5";
    options.chatter = Chatter::quiet;
    quietly([&] { return cmd_run(options, Form::table); });
    io::ResultFile const file(options.output);
    result_ = file.result();
    digests_.resize(result_.tiles);
    file.read_digests(0, digests_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  virtual JobArguments job() const {
    return {.file = fs::path(MUSTER_SOURCE_DIR) / "examples/price_european.toml",
            .overrides = {"simulation.paths=65536", "simulation.tile_paths=1024"}};
  }

  /// Writes what result_ and digests_ say by now.
  fs::path forge() const {
    auto const path = folder_ / "forged.h5";
    io::write_result(path, result_, [this](std::uint64_t first, std::span<TileDigest> out) {
      std::copy_n(digests_.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
    });
    return path;
  }
  template <class Command>
  static int quietly(Command const& command) {
    testing::internal::CaptureStdout();
    int const code = command();
    testing::internal::GetCapturedStdout();
    return code;
  }
  /// What verify prints and its exit code, with every tile compared unless told otherwise.
  struct Told {
    int code = 0;
    std::string text;
  };
  Told verify(std::string const& sample = "100%") const {
    VerifyOptions options;
    options.result = forge();
    options.sample = sample;
    options.machine.device = topology::DeviceChoice::cpu;
    return tell([&] { return cmd_verify(options, Form::json); });
  }
  Told replay() const {
    ReplayOptions options;
    options.result = forge();
    options.machine.device = topology::DeviceChoice::cpu;
    options.chatter = Chatter::quiet;
    return tell([&] { return cmd_replay(options, Form::json); });
  }

  template <class Command>
  static Told tell(Command const& command) {
    testing::internal::CaptureStdout();
    Told told;
    try {
      told.code = command();
    } catch (Error const& error) {
      told.code = static_cast<int>(error.code());
      told.text = error.what();
    }
    told.text += testing::internal::GetCapturedStdout();
    return told;
  }

  fs::path folder_;
  io::Result result_;
  std::vector<TileDigest> digests_;
};

/// Of a job in steps.
class ForgedTraining : public Forged {
 protected:
  JobArguments job() const override {
    return {.file = fs::path(MUSTER_SOURCE_DIR) / "examples/train_european.toml",
            .overrides = {"data.samples=1000", "data.paths=100", "data.grid=1000", "network.width=8", "training.epochs=10"}};
  }
};

TEST_F(Forged, TheTrueOneIsFoundTrue) {
  auto const told = verify();
  EXPECT_EQ(told.code, 0) << told.text;
  EXPECT_EQ(replay().code, 0);
}

TEST_F(Forged, ADigest) {
  digests_[41].low ^= 1;
  auto const told = verify();
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.text, HasSubstr("\"tiles_different\": 1"));
  EXPECT_THAT(told.text, HasSubstr("\"first_different_tile\": 41"));
  auto const again = replay();
  EXPECT_EQ(again.code, 4);
  EXPECT_THAT(again.text, HasSubstr("1 tiles differ, the first is tile 41"));
}

TEST_F(Forged, EveryDigestIsSeenByASample) {
  for (auto& digest : digests_) digest.high ^= 1;
  auto const told = verify("3");
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.text, HasSubstr("\"tiles_different\": 3"));
}

TEST_F(Forged, ASum) {
  result_.sums.back() ^= 1;
  auto const told = verify();
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.text, HasSubstr("the sums differ"));
  EXPECT_THAT(replay().text, HasSubstr("the sums differ"));
}

TEST_F(Forged, ANumberInATable) {
  for (auto& column : result_.tables.front().columns)
    if (auto* numbers = std::get_if<std::vector<double>>(&column.values); numbers != nullptr && column.name == "price")
      (*numbers)[2] = std::nextafter((*numbers)[2], 0);
  auto const told = verify();
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.text, HasSubstr("price in row 3 is"));
}

TEST_F(Forged, OfOneKindOfDeviceIsRefusedOnAnother) {
  result_.device_kind = "NVIDIA H200";
  std::string const why = "forged.h5 was computed on NVIDIA H200, and this would compute on CPU (a price job has the same bits on "
                          "one kind of device only, so all that differs would say nothing); do it where there is NVIDIA H200";
  for (auto const& told : {verify(), replay()}) {
    EXPECT_EQ(told.code, 2);
    EXPECT_THAT(told.text, HasSubstr(why));
  }
}

TEST_F(Forged, OfOneKindOfDeviceIsComparedThere) {
  result_.device_kind = "CPU";
  EXPECT_EQ(verify().code, 0);
  EXPECT_EQ(replay().code, 0);
  EXPECT_EQ(io::read_result(forge()).device_kind, "CPU");
}

TEST(KindOfStoredResult, OfTheCpuIsAskedForByAnOption) {
  io::Result stored;
  stored.kind = "mock";
  EXPECT_NO_THROW(require_kind_computed_on(stored, "F.h5", "NVIDIA H200")) << "the same bits everywhere";
  stored.device_kind = "CPU";
  EXPECT_NO_THROW(require_kind_computed_on(stored, "F.h5", "CPU"));
  try {
    require_kind_computed_on(stored, "F.h5", "NVIDIA H200");
    FAIL() << "it was accepted";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    EXPECT_THAT(error.what(), HasSubstr("F.h5 was computed on CPU, and this would compute on NVIDIA H200"));
    EXPECT_THAT(error.what(), HasSubstr("; do it with --device cpu"));
  }
}

TEST_F(Forged, AnotherArithmeticVersionIsNoFault) {
  result_.arithmetic_version += 1;
  auto const told = verify();
  EXPECT_EQ(told.code, 2);
  EXPECT_THAT(told.text, HasSubstr("the file is not wrong"));
  EXPECT_THAT(told.text, HasSubstr("use muster " + result_.muster_version));
}

TEST_F(Forged, TheTableFormEndsWithTheReason) {
  digests_[0].low ^= 1;
  VerifyOptions options;
  options.result = forge();
  options.sample = "100%";
  options.machine.device = topology::DeviceChoice::cpu;
  auto const told = tell([&] { return cmd_verify(options, Form::table); });
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.text, HasSubstr("is not what this machine computes"));
}

TEST_F(ForgedTraining, TheTrueOneIsFoundTrueByAnyPart) {
  EXPECT_GE(result_.waypoints.size(), 4u);
  for (auto const* const sample : {"1", "20%", "60%", "100%"}) {
    auto const told = verify(sample);
    EXPECT_EQ(told.code, 0) << told.text;
    EXPECT_THAT(told.text, HasSubstr("\"stages\""));
  }
}

TEST_F(ForgedTraining, AWaypoint) {
  result_.waypoints[1].words.back() ^= 1;
  auto const told = verify();
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.text, HasSubstr(fmt::format("what comes of stage {} differs", result_.waypoints[1].stage - 1)));
  result_.waypoints[1].words.pop_back();
  EXPECT_EQ(verify().code, 4);
}

TEST_F(ForgedTraining, AWaypointThatIsNone) {
  for (auto& waypoint : result_.waypoints) waypoint.words = {1, 2, 3};
  EXPECT_EQ(verify("60%").code, 2);
  result_.waypoints.back().stage = 1'000'000;
  auto const told = verify();
  EXPECT_EQ(told.code, 2);
  EXPECT_THAT(told.text, HasSubstr("waypoints that are not this job's stages"));
}

TEST_F(ForgedTraining, WithoutWaypointsTheFirstStagesAreComputed) {
  result_.waypoints.clear();
  EXPECT_THAT(verify("1").text, HasSubstr("\"stages\": \"0 to 0\""));
  auto const told = verify();
  EXPECT_EQ(told.code, 0) << told.text;
  result_.sums.back() ^= 1;
  EXPECT_EQ(verify().code, 4);
}

}  // namespace
}  // namespace muster::cli
