// A CUDA device as an accelerator: turns the codes of the .cu files into errors, and owns their handles.
#include "core/error.hpp"
#include "kernels/accelerator.hpp"
#include "kernels/backtest/cuda_backtest.hpp"
#include "kernels/cuda_memory.hpp"
#include "kernels/cuda_peers.hpp"
#include "kernels/device_lost.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/evolve/cuda_search.hpp"
#include "kernels/nets/cuda_nets.hpp"
#include "kernels/out_of_memory.hpp"
#include "kernels/price/cuda_paths.hpp"

namespace muster::kernels {
namespace {

/// What whoever computes can answer.
void refuse_known(char const* error, int ordinal) {
  if (error == cuda_out_of_memory)
    throw OutOfMemory(fmt::format("GPU {}: out of memory (another process may hold it, see nvidia-smi); give this job less "
                                  "with --device-memory, or use --device cpu", ordinal));
  if (is_gpu_lost(error))
    throw DeviceLost(fmt::format("GPU {}: {} (this process can use it no more); look for Xid in dmesg, and for errors of its memory in "
                                 "nvidia-smi -q -d ECC", ordinal, error));
}

TableMemory tables_in(DevicePool& pool) {
  return {&pool, [](void* from, std::size_t bytes) { return static_cast<DevicePool*>(from)->take(bytes); },
          [](void* from, void* at) { static_cast<DevicePool*>(from)->give(at); }};
}

class CudaPathLauncher final : public PathLauncher {
 public:
  CudaPathLauncher(PathPlan const& plan, int ordinal, void* stream, DevicePool& pool) : ordinal_(ordinal) {
    char const* error = nullptr;
    handle_ = open_cuda_paths(plan, ordinal, stream, tables_in(pool), &error);
    refuse_known(error, ordinal);
    MUSTER_REQUIRE_ENV(handle_ != nullptr, "GPU {}: {} (paths cannot run there); use --device cpu", ordinal, error);
  }
  ~CudaPathLauncher() override { close_cuda_paths(handle_); }
  CudaPathLauncher(CudaPathLauncher const&) = delete;
  CudaPathLauncher& operator=(CudaPathLauncher const&) = delete;

  void run(TileRange range, std::uint32_t columns, PathBuffers const& buffers, std::span<std::int64_t> raw) override {
    CudaRun const launch{range.first, range.count, columns, buffers.columns, buffers.raw, buffers.host_raw};
    char const* const error = run_cuda_paths(handle_, launch, raw.data());
    refuse_known(error, ordinal_);
    MUSTER_REQUIRE_ENV(error == nullptr, "GPU {}: {} (the tiles {} to {} were not computed); run again to resume",
                       ordinal_, error, range.first, range.end());
  }

 private:
  int ordinal_;
  CudaPaths* handle_ = nullptr;
};

/// A handle to tables on a device, opened and closed by the functions of a .cu file.
template <class Handle, void (*close_handle)(Handle*)>
class CudaTablesOwner {
 public:
  template <class Open>
  CudaTablesOwner(int ordinal, Open open) : ordinal_(ordinal) {
    char const* error = nullptr;
    handle_ = open(&error);
    refuse_known(error, ordinal);
    MUSTER_REQUIRE_ENV(handle_ != nullptr, "GPU {}: {} (backtests cannot run there); use --device cpu", ordinal, error);
  }
  ~CudaTablesOwner() { close_handle(handle_); }
  CudaTablesOwner(CudaTablesOwner const&) = delete;
  CudaTablesOwner& operator=(CudaTablesOwner const&) = delete;
  Handle* handle() const { return handle_; }
  void check(char const* error) const {
    refuse_known(error, ordinal_);
    MUSTER_REQUIRE_ENV(error == nullptr, "GPU {}: {} (strategies were not judged); run again to resume", ordinal_, error);
  }

 private:
  int ordinal_;
  Handle* handle_ = nullptr;
};

class CudaBacktestRunner final : public backtest::Runner {
 public:
  CudaBacktestRunner(backtest::Plan const& plan, std::size_t rules_at_once, int ordinal, void* stream, DevicePool& pool)
      : tables_(ordinal, [&](char const** error) {
          return open_cuda_backtest(plan, ordinal, stream, tables_in(pool), rules_at_once, error);
        }) {}
  void run(std::span<backtest::Rule const> rules, std::span<backtest::Tally> out) override {
    tables_.check(run_cuda_backtest(tables_.handle(), rules.data(), rules.size(), out.data()));
  }

 private:
  CudaTablesOwner<backtest::CudaBacktest, backtest::close_cuda_backtest> tables_;
};

class CudaCrossoverRunner final : public CrossoverRunner {
 public:
  CudaCrossoverRunner(backtest::CrossoverTable const& table, std::size_t rules_at_once, int ordinal, void* stream, DevicePool& pool)
      : tables_(ordinal, [&](char const** error) {
          return open_cuda_crossover(table, ordinal, stream, tables_in(pool), rules_at_once, error);
        }) {}
  void run(std::span<backtest::Crossover const> rules, std::span<backtest::CrossoverResult> out) override {
    tables_.check(run_cuda_crossover(tables_.handle(), rules.data(), rules.size(), out.data()));
  }
  void judge(DeviceHerd const& herd, backtest::CrossoverPart const& part) override {
    tables_.check(backtest::judge_on_cuda(tables_.handle(), herd, part));
  }

 private:
  CudaTablesOwner<backtest::CudaCrossover, backtest::close_cuda_crossover> tables_;
};

class CudaSearchOwner final : public DeviceSearch {
 public:
  CudaSearchOwner(SearchSettings const& settings, int ordinal, void* stream, DevicePool& pool)
      : tables_(ordinal, [&](char const** error) { return open_cuda_search(settings, ordinal, stream, tables_in(pool), error); }) {}
  void load(Population const& population) override { tables_.check(load_on_cuda(tables_.handle(), population)); }
  void propose() override { tables_.check(propose_on_cuda(tables_.handle())); }
  DeviceHerd herd() override { return herd_on_cuda(tables_.handle()); }
  void read_candidates(std::span<double> genomes) override { tables_.check(read_candidates_on_cuda(tables_.handle(), genomes.data())); }
  void read_fitness(std::span<std::int64_t> fitness) override { tables_.check(read_fitness_on_cuda(tables_.handle(), fitness.data())); }
  void write_fitness(std::span<std::int64_t const> fitness) override { tables_.check(write_fitness_on_cuda(tables_.handle(), fitness.data())); }
  HerdAnswer finish(HerdQuestion const& question) override {
    HerdAnswer answer;
    tables_.check(finish_on_cuda(tables_.handle(), question, answer));
    return answer;
  }
  GenerationStats statistics() override {
    GenerationStats stats;
    tables_.check(describe_on_cuda(tables_.handle(), stats));
    return stats;
  }
  void wait() override { tables_.check(wait_on_cuda(tables_.handle())); }
  void read(Population& population) override { tables_.check(read_population_on_cuda(tables_.handle(), population)); }

 private:
  CudaTablesOwner<CudaSearch, close_cuda_search> tables_;
};

class CudaLearner final : public nets::DeviceLearner {
 public:
  CudaLearner(nets::DevicePlan const& plan, std::span<nets::CudaCard const> cards) : ordinal_(cards.front().ordinal) {
    char const* error = nullptr;
    handle_ = nets::open_cuda_net(plan, cards, &error);
    refuse_known(error, ordinal_);
    MUSTER_REQUIRE_ENV(handle_ != nullptr, "GPU {}: {} (networks cannot learn there); use --device cpu", ordinal_, error);
  }
  ~CudaLearner() override { nets::close_cuda_net(handle_); }
  CudaLearner(CudaLearner const&) = delete;
  CudaLearner& operator=(CudaLearner const&) = delete;

  void hold(nets::SampleTable const& table) override { check(nets::hold_on_cuda(handle_, table)); }
  void load(std::span<float const> parameters) override { check(nets::load_on_cuda(handle_, parameters.data())); }
  void add_gradients(std::span<nets::BlockRows const> blocks, nets::RowOrder const& order, nets::LossWeights const& weights,
                     std::span<double const> scales, std::span<std::int64_t> sums, nets::BlockReports const& reports) override {
    check(nets::run_cuda_net(handle_, blocks, order, weights, scales.data(), sums.data(), reports));
  }
  void losses(std::span<nets::BlockRows const> blocks, nets::RowOrder const& order, nets::LossWeights const& weights,
              std::span<nets::BlockLoss> losses) override {
    check(nets::run_cuda_net(handle_, blocks, order, weights, nullptr, nullptr, {losses}));
  }
  void begin_steps(nets::Moments const& from) override { check(nets::begin_steps_on_cuda(handle_, from)); }
  void sum_gradients(std::span<nets::BlockRows const> blocks, nets::RowOrder const& order, nets::LossWeights const& weights,
                     std::span<double const> scales, nets::BlockReports const& reports, nets::Squares const& squares,
                     nets::AddOthers const& add_others) override {
    check(nets::sum_on_cuda(handle_, blocks, order, weights, scales.data(), reports, squares, add_others));
  }
  void take_step(std::size_t first_bucket, std::span<nets::UpdateRule const> rules) override {
    check(nets::step_on_cuda(handle_, first_bucket, rules));
  }
  void read_steps(nets::MomentsOut const& to) override { check(nets::read_steps_on_cuda(handle_, to)); }
  void predict(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) override {
    check(nets::predict_on_cuda(handle_, inputs, outputs, slopes));
  }
  void add_label_paths(std::span<nets::PathLaw const> laws, std::uint64_t pairs, std::span<std::int64_t> sums) override {
    check(nets::add_paths_on_cuda(handle_, laws, pairs, sums.data()));
  }

 private:
  void check(char const* error) const {
    refuse_known(error, ordinal_);
    MUSTER_REQUIRE_ENV(error == nullptr, "GPU {}: {} (a step was not computed); run again to resume", ordinal_, error);
  }

  int ordinal_;
  nets::CudaNet* handle_ = nullptr;
};

class CudaAccelerator final : public Accelerator {
 public:
  explicit CudaAccelerator(int ordinal) : ordinal_(ordinal) {
    char const* error = nullptr;
    pool_ = open_cuda_pool(ordinal, &error);
    refuse_known(error, ordinal);
    MUSTER_REQUIRE_ENV(pool_ != nullptr, "GPU {}: {} (jobs cannot use it); check nvidia-smi, or use --device cpu", ordinal,
                       error);
  }
  ~CudaAccelerator() override { close_cuda_pool(pool_); }
  CudaAccelerator(CudaAccelerator const&) = delete;
  CudaAccelerator& operator=(CudaAccelerator const&) = delete;

  Width width() const override { return {cuda_multiprocessors(pool_), cuda_resident_threads(pool_)}; }
  void* take(std::size_t bytes) override { return take_from_cuda_pool(pool_, bytes); }
  void give(void* at) noexcept override { give_to_cuda_pool(pool_, at); }
  std::uint64_t set_aside_bytes() const override { return cuda_pool_high_bytes(pool_); }
  void* take_host(std::size_t bytes) override { return take_pinned(bytes); }
  void give_host(void* at) noexcept override { give_pinned(at); }
  std::unique_ptr<PathLauncher> open_paths(PathPlan const& plan, DevicePool& pool) override {
    return std::make_unique<CudaPathLauncher>(plan, ordinal_, cuda_pool_stream(pool_), pool);
  }
  std::unique_ptr<backtest::Runner> open_backtest(backtest::Plan const& plan, std::size_t rules_at_once, DevicePool& pool) override {
    return std::make_unique<CudaBacktestRunner>(plan, rules_at_once, ordinal_, cuda_pool_stream(pool_), pool);
  }
  std::unique_ptr<CrossoverRunner> open_crossovers(backtest::CrossoverTable const& table, std::size_t rules_at_once,
                                                   DevicePool& pool) override {
    return std::make_unique<CudaCrossoverRunner>(table, rules_at_once, ordinal_, cuda_pool_stream(pool_), pool);
  }
  std::unique_ptr<DeviceSearch> open_search(SearchSettings const& settings, DevicePool& pool) override {
    return std::make_unique<CudaSearchOwner>(settings, ordinal_, cuda_pool_stream(pool_), pool);
  }
  std::unique_ptr<nets::DeviceLearner> open_learner(nets::DevicePlan const& plan, std::span<DevicePool* const> pools) override {
    std::vector<nets::CudaCard> cards;
    for (auto* const pool : pools) {
      auto const& card = static_cast<CudaAccelerator const&>(pool->device());
      cards.push_back({card.ordinal_, cuda_pool_stream(card.pool_), tables_in(*pool)});
    }
    for (auto* const from : pools)
      for (auto const& to : cards) let_read_cuda_pool(static_cast<CudaAccelerator&>(from->device()).pool_, to.ordinal);
    return std::make_unique<CudaLearner>(plan, cards);
  }

 private:
  int ordinal_;
  CudaPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Accelerator> open_cuda(int ordinal) { return std::make_unique<CudaAccelerator>(ordinal); }

}  // namespace muster::kernels
