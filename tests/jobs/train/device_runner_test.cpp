// A runner on a device tells what one on a CPU does, tile by tile, whatever memory the device has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "comm/reduce.hpp"
#include "jobs/train/device_runner.hpp"
#include "jobs/train/network.hpp"
#include "kernels/out_of_memory.hpp"
#include "tests/jobs/run_ahead.hpp"
#include "tests/jobs/train/jobs.hpp"
#include "tests/jobs/train/labelled_file.hpp"
#include "tests/kernels/memory/fake_accelerator.hpp"

namespace muster::jobs::train {
namespace {

class DeviceRunners : public ::testing::Test {
 protected:
  test::FakeMemory memory_{.bytes = std::uint64_t{1} << 30, .host_bytes = std::uint64_t{1} << 30};
  kernels::DevicePool pool_{[this] { return kernels::Opened{std::make_unique<test::FakeAccelerator>(memory_, kernels::Width{}), memory_.bytes}; }};

  Device gpu() { return {Device::Kind::cuda, 0, UINT64_MAX, &pool_}; }
  /// Four that compute as one.
  Device team(int members) {
    auto device = gpu();
    for (int i = 1; i < 4; ++i) device.partners.push_back({Device::Kind::cuda, i, UINT64_MAX, &pool_});
    device.members = members;
    return device;
  }

  /// Runs a job on both, tile by tile on the CPU and stage by stage on the device; `between` sees the device's runner before a stage.
  void compare(Job const& job, std::function<void(TileRunner&)> const& between = {}) { compare(job, between, gpu()); }
  void compare(Job const& job, std::function<void(TileRunner&)> const& between, Device const& on) {
    auto const host = job.make_runner({}), device = job.make_runner(on);
    device->prepare();
    auto const& steps = *job.steps();
    auto carry = steps.first(1);
    std::uint64_t begin = 0, stages = 0;
    for (auto const end : job.stages()) {
      host->enter(carry);
      device->enter(carry);
      if (between) between(*device);
      auto const count = slots_of_stage(job, {begin, end - begin});
      Slots on_host(count, 0), on_device(count, 0);
      std::vector<TileDigest> host_digests(end - begin), device_digests(end - begin);
      for (std::uint64_t tile = begin; tile < end; ++tile) {
        auto const window = job.window({tile, 1});
        host->run({tile, 1}, std::span(on_host).subspan(window.first, window.count), std::span(host_digests).subspan(tile - begin, 1));
      }
      device->run({begin, end - begin}, on_device, device_digests);
      ASSERT_EQ(on_host, on_device) << "stage " << stages;
      ASSERT_EQ(host_digests, device_digests) << "stage " << stages;
      carry = steps.next(carry, on_host, 1);
      begin = end;
      ++stages;
      if (steps.is_done(*carry)) break;
    }
    EXPECT_GT(stages, 5u);
  }
};

std::vector<std::string> const large{"training.batch=20000", "data.samples=20000", "data.paths=10", "data.tile_samples=1000"};

TEST_F(DeviceRunners, TellWhatCpusDo) {
  compare(*make_train_job(params_of(asian_job), {}));
  compare(*make_train_job(params_of(price_job), {}));
  compare(*make_train_job(params_of(heston_job), {}));
  compare(*make_train_job(params_of(asian_job, {"training.dropout=0.2"}), {}));
}

TEST_F(DeviceRunners, OfSeveralGpusTakeMemoryOfEach) {
  auto const job = make_train_job(params_of(price_job), {});
  compare(*job, {}, team(1));
  compare(*job, {}, team(4));
  auto const held = [&](Device const& device) {
    auto const runner = job->make_runner(device);
    runner->prepare();
    return pool_.use().held_bytes;
  };
  auto const one = held(gpu());
  EXPECT_GT(held(team(1)), 2 * one);
  EXPECT_LT(held(team(4)), held(team(1)));
}

TEST_F(DeviceRunners, LearnSamplesOfAFile) {
  io::Scratch scratch;
  compare(*make_train_job(params_with_file(scratch, asian_job), scratch.path()));
}

TEST_F(DeviceRunners, KnowWindowsOfBars) {
  compare(*make_train_job(params_of(R"(kind = "train"
model = "autoencoder"
[market]
bars = "synthetic:symbols=3,days=200,seed=9"
[encoder]
window = 5
latent = 2
depth = 2
width = 9
[training]
epochs = 2
batch = 64
shards = 3
)"), {}));
}

TEST_F(DeviceRunners, GoOnWithFewerRowsAtOnce) {
  int steps_down = 0;
  auto const params = params_of(asian_job, large);
  EXPECT_NO_THROW(compare(*make_train_job(params, {}), [&](TileRunner& runner) {
    if (auto const step = runner.step_down()) {
      EXPECT_EQ(step->step, MemoryStep::smaller_batch);
      EXPECT_THAT(step->now, ::testing::HasSubstr("rows at once instead of 20 000"));
      ++steps_down;
    }
  }));
  EXPECT_EQ(steps_down, 3) << "until the largest block is left";
}

TEST_F(DeviceRunners, RunAheadToTheSameNetwork) {
  std::vector<std::string> const plain{"training.average=0", "training.clip_norm=0"};
  std::vector<std::string> const repeated{"network.repeats=2", "network.baseline=prices", "training.optimizer=sgd"};
  for (auto const& overrides : {std::vector<std::string>{}, plain, repeated, {"sweep.dropout=[0, 0.2]", "training.epochs=3"}}) {
    auto const job = make_train_job(params_of(asian_job, overrides), {});
    test::Laps count;
    test::expect_same_ahead(*job, *job->make_runner(gpu()), *job->make_runner(gpu()), count);
    EXPECT_GT(count.laps, 3);
    EXPECT_GT(count.stages, 2 * count.laps);
  }
}

/// Of one process among several threads.
class Beside final : public Companions {
 public:
  Beside(int index, int size, std::vector<std::unique_ptr<comm::Reducer>> ends) : Companions(index, size), ends_(std::move(ends)) {}
  void add_words(std::span<std::int64_t> words) override { ends_.front()->sum(words.data(), words.size(), std::chrono::minutes(1)); }
  void add_on_devices(std::span<std::span<std::int64_t> const> sums) override {
    ASSERT_EQ(sums.size(), ends_.size());
    for (std::size_t i = 0; i < sums.size(); ++i) ends_[i]->sum(sums[i].data(), sums[i].size(), std::chrono::minutes(1));
  }

 private:
  std::vector<std::unique_ptr<comm::Reducer>> ends_;
};

std::vector<std::unique_ptr<Beside>> beside_each_other(int size, std::size_t devices) {
  std::vector<std::vector<std::unique_ptr<comm::Reducer>>> ends(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < devices; ++i) {
    auto group = comm::make_in_process_reducers(size);
    for (std::size_t rank = 0; rank < group.size(); ++rank) ends[rank].push_back(std::move(group[rank]));
  }
  std::vector<std::unique_ptr<Beside>> all;
  for (int index = 0; index < size; ++index) all.push_back(std::make_unique<Beside>(index, size, std::move(ends[static_cast<std::size_t>(index)])));
  return all;
}

/// All companions from `stage`, some stages far; they have to agree.
std::optional<Ahead> run_together(Job const& job, Device const& device, int size, CarryPtr const& carry, TileRange stage, int stages) {
  auto const companions = beside_each_other(size, device.partners.size() + 1);
  std::vector<std::optional<Ahead>> laps(static_cast<std::size_t>(size));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < laps.size(); ++i)
      threads.emplace_back([&, i] {
        auto const runner = job.make_runner(device);
        runner->prepare();
        runner->enter(carry);
        int left = stages;
        laps[i] = runner->run_ahead(stage, [&] { return --left <= 0; }, companions[i].get());
      });
  }
  for (auto const& lap : laps) {
    EXPECT_EQ(lap.has_value(), laps.front().has_value());
    if (!lap || !laps.front()) continue;
    EXPECT_EQ(lap->digests, laps.front()->digests);
    EXPECT_EQ(job.steps()->encode(*lap->carry), job.steps()->encode(*laps.front()->carry));
  }
  return laps.front();
}

TEST_F(DeviceRunners, RunAheadWithCompanionsToTheSameNetwork) {
  std::vector<std::string> const repeated{"network.repeats=2", "network.baseline=prices", "training.optimizer=sgd"};
  for (auto const& overrides : {std::vector<std::string>{}, {"training.clip_norm=0", "training.average=0"}, repeated})
    for (int const size : {2, 3, 5}) {
      auto const job = make_train_job(params_of(asian_job, overrides), {});
      auto const& steps = *job->steps();
      auto const alone = job->make_runner({});
      auto const device = size == 3 ? team(2) : gpu();
      auto carry = steps.first(1), together = carry;
      std::uint64_t begin = 0, reached = 0, of_laps = 0;
      std::vector<TileDigest> one_by_one, at_once;
      for (auto const end : job->stages()) {
        EXPECT_EQ(steps.is_joint(*carry), begin > 0 && !steps.is_done(*carry) && static_cast<Network const&>(*carry).trains());
        if (begin == reached && steps.is_joint(*together))
          if (auto lap = run_together(*job, device, size, together, {begin, end - begin}, 7)) {
            at_once.insert(at_once.end(), lap->digests.begin(), lap->digests.end());
            reached += lap->digests.size();
            of_laps += lap->digests.size();
            together = lap->carry;
          }
        Slots sums(slots_of_stage(*job, {begin, end - begin}), 0);
        std::vector<TileDigest> digests(end - begin);
        alone->enter(carry);
        for (std::uint64_t tile = begin; tile < end; ++tile) {
          auto const window = job->window({tile, 1});
          alone->run({tile, 1}, std::span(sums).subspan(window.first, window.count), std::span(digests).subspan(tile - begin, 1));
        }
        one_by_one.insert(one_by_one.end(), digests.begin(), digests.end());
        carry = steps.next(carry, sums, 1);
        if (begin == reached) {
          at_once.insert(at_once.end(), digests.begin(), digests.end());
          reached = end;
          together = carry;
        }
        begin = end;
        if (reached == end) {
          ASSERT_EQ(steps.encode(*carry), steps.encode(*together));
          ASSERT_EQ(one_by_one, at_once);
        }
        if (steps.is_done(*carry)) break;
      }
      EXPECT_EQ(reached, begin);
      EXPECT_GT(2 * of_laps, begin) << "most stages were run together";
    }
}

/// What a runner comes to, stage by stage.
std::shared_ptr<Network const> trained(Job const& job, TileRunner& runner) {
  auto const& steps = *job.steps();
  auto carry = steps.first(1);
  std::uint64_t begin = 0;
  for (auto const end : job.stages()) {
    runner.enter(carry);
    Slots sums(slots_of_stage(job, {begin, end - begin}), 0);
    std::vector<TileDigest> digests(end - begin);
    runner.run({begin, end - begin}, sums, digests);
    // As a start that goes on from a save.
    carry = steps.next(steps.decode(steps.encode(*carry), 1), sums, 1);
    begin = end;
    if (steps.is_done(*carry)) break;
  }
  return std::static_pointer_cast<Network const>(carry);
}

TEST_F(DeviceRunners, KeepGradientsOfFp16InBounds) {
  std::vector<std::string> const small{"network.width=5", "network.layers=1", "training.epochs=450", "data.grid=0"};
  auto half = small;
  half.emplace_back("training.precision=fp16");
  auto const exact = make_train_job(params_of(asian_job, small), {}), scaled = make_train_job(params_of(asian_job, half), {});
  auto const wanted = trained(*exact, *exact->make_runner({}));
  auto const again = [](Network const& network) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < network.history.size(); ++i) all += network.history[i].again;
    return all;
  };
  for (float const most : {1e9f, 40.0f}) {
    memory_.most_short = most;
    auto const found = trained(*scaled, *scaled->make_runner(gpu()));
    EXPECT_EQ(found->weights->parameters, wanted->weights->parameters) << "a power of two rounds nothing away";
    EXPECT_EQ(found->validations.back().loss, wanted->validations.back().loss);
    ASSERT_EQ(found->history.size(), wanted->history.size());
    for (std::size_t i = 0; i < wanted->history.size(); ++i) {
      EXPECT_EQ(found->history[i].loss, wanted->history[i].loss);
      EXPECT_EQ(found->history[i].norm, wanted->history[i].norm);
    }
    ASSERT_TRUE(found->loss_scale);
    bool const is_tight = most < 100;
    EXPECT_EQ(found->loss_scale->exponent < first_loss_exponent, is_tight) << found->loss_scale->exponent;
    EXPECT_EQ(again(*found) > again(*wanted), is_tight);
    if (!is_tight) {
      EXPECT_EQ(found->loss_scale->exponent, first_loss_exponent + 2) << "2 250 steps in bounds";
    }
  }
  memory_.most_short = 0;
  try {
    trained(*scaled, *scaled->make_runner(gpu()));
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::job_failed);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("step 1: the gradient of the weights of layer 1 is not finite"));
  }
}

TEST_F(DeviceRunners, KeepBf16ToOneKindOfDevice) {
  auto const exact = make_train_job(params_of(asian_job), {}), fast = make_train_job(params_of(asian_job, {"training.precision=bf16"}), {});
  EXPECT_EQ(exact->same_bits(), SameBits::on_every_device);
  EXPECT_EQ(fast->same_bits(), SameBits::on_one_kind);
  EXPECT_TRUE(fast->make_runner(gpu()));
  try {
    fast->make_runner({});
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("training.precision = \"bf16\" (only GPUs from compute capability 8.0"));
  }
}

TEST_F(DeviceRunners, SayWhatTheyLack) {
  memory_.bytes = 1 << 20;
  auto const job = make_train_job(params_of(asian_job, large), {});
  auto const runner = job->make_runner(gpu());
  try {
    runner->prepare();
    FAIL();
  } catch (kernels::OutOfMemory const& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("20 000 rows at once need"));
  }
}

TEST_F(DeviceRunners, NeedOfACardWhatThePlanSays) {
  topology::Gpu gpu;
  gpu.memory_bytes = std::uint64_t{16} << 30;
  auto overrides = large;
  overrides.push_back("network.width=500");
  auto const job = make_train_job(params_of(asian_job, overrides), {});
  auto const all = job->device_need(gpu, std::uint64_t{12} << 30);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->fits);
  EXPECT_EQ(all->bytes(), all->full_bytes);
  EXPECT_EQ(all->note, "");
  auto const less = job->device_need(gpu, all->context_bytes + all->pool_bytes / 2);
  EXPECT_TRUE(less->fits);
  EXPECT_LE(less->pool_bytes, all->pool_bytes / 2);
  EXPECT_THAT(less->note, ::testing::HasSubstr("instead of 20 000"));
  EXPECT_FALSE(job->device_need(gpu, all->context_bytes)->fits);
  auto const shared = job->device_need(gpu, std::uint64_t{12} << 30, {4, 4}), copied = job->device_need(gpu, std::uint64_t{12} << 30, {4, 1});
  EXPECT_LT(shared->pool_bytes, all->pool_bytes);
  EXPECT_LT(copied->pool_bytes, all->pool_bytes) << "each has a part of the rows";
}

}  // namespace
}  // namespace muster::jobs::train
