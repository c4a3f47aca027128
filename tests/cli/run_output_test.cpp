// A run that promises its bits on one kind of device goes on there and nowhere else.
#include "cli/run_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/machine.hpp"
#include "core/sha256.hpp"
#include "tests/io/scratch.hpp"
#include "tests/orchestrator/mock_job.hpp"

namespace muster::cli {
namespace {

LoadedJob mock_job(jobs::SameBits bits) {
  auto job = std::make_unique<test::MockJob>();
  job->bits = bits;
  LoadedJob loaded;
  loaded.resolved = {"mock", "sample", "kind = \"mock\"\n", 7};
  loaded.hash = sha256_hex(loaded.resolved.text);
  loaded.job = std::move(job);
  return loaded;
}

/// Opens and lets go of the run's state; true when an unfinished run was there.
bool begin(io::Scratch const& folder, jobs::SameBits bits, std::string const& devices, Start start = Start::resume) {
  auto saved = io::read_saved_run(folder / "F.h5");
  return open_state(folder / "F.h5", mock_job(bits), devices, start, std::move(saved)).is_resumed;
}

std::string refusal(io::Scratch const& folder, std::string const& devices) {
  auto const said = io::message_of(Exit::user, [&] { begin(folder, jobs::SameBits::on_one_kind, devices); });
  return said.substr(std::min(said.size(), (folder / "").string().size()));
}

TEST(KindOfDevice, GoesOnWhereItBegan) {
  io::Scratch folder;
  EXPECT_FALSE(begin(folder, jobs::SameBits::on_one_kind, "NVIDIA H200"));
  EXPECT_TRUE(begin(folder, jobs::SameBits::on_one_kind, "NVIDIA H200"));
}

TEST(KindOfDevice, AnotherOneIsRefusedAndNamesTheChoice) {
  io::Scratch folder;
  begin(folder, jobs::SameBits::on_one_kind, "NVIDIA H200");
  auto const before = io::read_saved_run(folder / "F.h5")->saved_utc;
  EXPECT_EQ(refusal(folder, "CPU"),
            "F.h5 was begun on NVIDIA H200, and this run would compute on CPU (a mock job has the same bits on one kind of device "
            "only, so the parts would not be one answer); go on where there is NVIDIA H200, or start over here with --fresh");
  EXPECT_THAT(refusal(folder, "NVIDIA A100"), testing::HasSubstr("would compute on NVIDIA A100"));
  EXPECT_EQ(folder.entries(), 2U) << "the state and digests of the first start, and no lock";
  EXPECT_EQ(io::read_saved_run(folder / "F.h5")->saved_utc, before);
  EXPECT_TRUE(begin(folder, jobs::SameBits::on_one_kind, "NVIDIA H200")) << "the refusals have cost nothing";
}

TEST(KindOfDevice, OfTheCpuIsAskedForByAnOption) {
  io::Scratch folder;
  begin(folder, jobs::SameBits::on_one_kind, std::string(cpu_kind));
  EXPECT_THAT(refusal(folder, "NVIDIA H200"), testing::HasSubstr("; go on with --device cpu, or start over here with --fresh"));
}

TEST(KindOfDevice, FreshStartsOverAnywhere) {
  io::Scratch folder;
  begin(folder, jobs::SameBits::on_one_kind, "NVIDIA H200");
  EXPECT_FALSE(begin(folder, jobs::SameBits::on_one_kind, "CPU", Start::fresh));
  EXPECT_TRUE(begin(folder, jobs::SameBits::on_one_kind, "CPU"));
}

TEST(KindOfDevice, IsOfNoAccountWhereAllHaveTheSameBits) {
  io::Scratch folder;
  begin(folder, jobs::SameBits::on_every_device, "NVIDIA H200");
  EXPECT_EQ(io::read_saved_run(folder / "F.h5")->identity.device_kind, "");
  EXPECT_TRUE(begin(folder, jobs::SameBits::on_every_device, "CPU"));
}

TEST(KindOfDevice, IsThePlans) {
  topology::Facts facts;
  EXPECT_EQ(device_kind(topology::make_plan(facts, {})), "CPU");
  for (char const* name : {"Tesla T4", "NVIDIA H200"}) {
    topology::Gpu gpu;
    gpu.name = name;
    gpu.ordinal = static_cast<int>(facts.gpus.size());
    gpu.memory_bytes = std::uint64_t{16} << 30;
    facts.gpus.push_back(gpu);
  }
  topology::Demand demand;
  demand.mixing = topology::Mixing::one_kind;
  EXPECT_EQ(device_kind(topology::make_plan(facts, demand)), "NVIDIA H200");
  demand.device = topology::DeviceChoice::cpu;
  EXPECT_EQ(device_kind(topology::make_plan(facts, demand)), "CPU");
}

}  // namespace
}  // namespace muster::cli
