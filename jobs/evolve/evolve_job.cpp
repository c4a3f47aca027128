#include "jobs/evolve/evolve_job.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "jobs/evolve/champion.hpp"
#include "jobs/evolve/device_breeding.hpp"
#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/looks.hpp"
#include "jobs/evolve/null_search.hpp"
#include "jobs/evolve/progress_text.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "jobs/evolve/scenery.hpp"
#include "jobs/evolve/spans.hpp"
#include "jobs/evolve/tables.hpp"
#include "kernels/backtest/crossover.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/evolve/herd_digest.hpp"
#include "kernels/out_of_memory.hpp"
#include "topology/budget.hpp"

namespace muster::jobs::evolve {
namespace {

/// How generations and null markets are cut into tiles.
struct Tiling {
  std::uint64_t herds, slots, tile_slots, generations, nulls;  ///< slots of a herd; generations judged, the first included

  std::uint64_t tiles_a_herd() const { return (slots + tile_slots - 1) / tile_slots; }
  std::uint64_t tiles_a_generation() const { return herds * tiles_a_herd(); }
  std::uint64_t search_tiles() const { return generations * tiles_a_generation(); }
  bool is_null(TileRange range) const { return range.first >= search_tiles(); }
  std::size_t herd_of(std::uint64_t tile) const { return tile % tiles_a_generation() / tiles_a_herd(); }
  /// Where a tile begins among the slots of all herds.
  std::uint64_t first_slot(std::uint64_t tile) const { return herd_of(tile) * slots + tile % tiles_a_herd() * tile_slots; }
  std::uint64_t end_slot(std::uint64_t tile) const {
    return std::min(first_slot(tile) + tile_slots, (herd_of(tile) + 1) * slots);
  }
  /// The first tiles of a range that one judge takes at once: those of one herd, or one null market.
  TileRange of_one_judge(TileRange range) const {
    if (is_null(range)) return {range.first, 1};
    return {range.first, std::min(range.count, tiles_a_herd() - range.first % tiles_a_herd())};
  }
  /// Tiles of one generation, or null markets.
  SlotWindow window(TileRange range) const {
    if (is_null(range)) return {range.first - search_tiles(), range.count};
    auto const first = first_slot(range.first), end = end_slot(range.end() - 1);
    return {first, end - std::min(first, end)};
  }
};

Tiling tiling_of(Params const& params) {
  bool const traded = is_traded(params.objective);
  return {traded ? fold_count(params.spans) : 1, params.search.population, params.search.tile_slots, params.search.generations + 1,
          traded ? params.honesty.null_markets : 0};
}

class EvolveRunner final : public TileRunner {
 public:
  /// The candidates of generation `last` are the last that are judged.
  EvolveRunner(Params const& params, Scenery const& scenery, Breeding const& breeding, Tiling tiling, std::uint64_t last, Device device)
      : params_(params), scenery_(scenery), breeding_(breeding), tiling_(tiling), last_(last), device_(device), judges_(tiling.herds) {}
  void enter(CarryPtr carry) override { generation_ = std::static_pointer_cast<Generation const>(std::move(carry)); }
  /// A GPU is filled by whole generations.
  std::uint64_t preferred_tiles() const override {
    return device_.kind == Device::Kind::host ? 1 : tiling_.tiles_a_generation();
  }
  /// On the device, where a population has room there.
  std::optional<Ahead> run_ahead(TileRange stage, std::function<bool()> const& is_enough, Companions* companions) override {
    if (companions != nullptr || stage.count != tiling_.tiles_a_generation() || !may_breed(*generation_) || !breeds_there()) return std::nullopt;
    Ahead ahead;
    auto to = breeding_.begin_like(*generation_);
    if (there_ != generation_) device_breeding_->load(*generation_);
    there_ = nullptr;
    while (to->index < std::min(to->last, last_) && !is_enough())
      device_breeding_->next(*to, {stage.first + ahead.digests.size(), tiling_.tile_slots},
                             [this](std::size_t herd) -> Judge& { return judge_of(herd); }, ahead.digests);
    if (ahead.digests.empty()) return std::nullopt;
    device_breeding_->read(*to);
    there_ = to;
    ahead.carry = std::move(to);
    return ahead;
  }
  void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
    MUSTER_ASSERT(generation_ != nullptr, "tiles {} + {} before their generation", range.first, range.count);
    auto const whole = tiling_.window(range);
    for (std::uint64_t done = 0; done < range.count;) {
      TileRange const part = tiling_.of_one_judge({range.first + done, range.count - done});
      auto const window = tiling_.window(part);
      auto const out = sums.subspan(window.first - whole.first, window.count);
      auto const told = digests.subspan(done, part.count);
      if (tiling_.is_null(part))
        told[0] = search_null(part.first, out);
      else
        judge(part, window, out, told);
      done += part.count;
    }
  }

 private:
  /// Tiles of one herd, all at once.
  void judge(TileRange range, SlotWindow window, std::span<std::int64_t> out, std::span<TileDigest> digests) {
    auto const herd = tiling_.herd_of(range.first);
    auto& judge = judge_of(herd);
    auto const& candidates = generation_->herds[herd].candidates;
    if (candidates.empty()) return pass(range, digests);
    auto const genes = candidates.size() / tiling_.slots;
    auto const genomes = std::span(candidates).subspan((window.first - herd * tiling_.slots) * genes, window.count * genes);
    fitness_.assign(window.count, 0);
    judge.judge(genomes, fitness_);
    in_parallel(range.count, threads(), [&](std::size_t i) {
      auto const own = tiling_.window({range.first + i, 1});
      auto const at = own.first - window.first;
      auto const fitness = std::span<std::int64_t const>(fitness_).subspan(at, own.count);
      for (std::size_t k = 0; k < own.count; ++k) out[at + k] += fitness[k];
      digests[i] = kernels::herd_digest(range.first + i, genomes.subspan(at * genes, own.count * genes), fitness);
    });
  }
  Judge& judge_of(std::size_t herd) {
    auto& judge = judges_[herd];
    if (!judge) judge = scenery_.ground().make_judge(device_, herd, threads());
    return *judge;
  }
  /// The first generation has no population yet, and the last is not bred from.
  bool may_breed(Generation const& generation) const {
    return generation.index > 0 && generation.has_candidates() && generation.index < std::min(generation.last, last_);
  }
  bool breeds_there() {
    if (device_.pool == nullptr || breeding_.keeps_lineage() || has_no_room_) return false;
    if (device_breeding_) return true;
    // Judging comes first.
    for (std::size_t herd = 0; herd < judges_.size(); ++herd) judge_of(herd);
    try {
      device_breeding_ = DeviceBreeding::open(breeding_, *device_.pool);
    } catch (kernels::OutOfMemory const&) {
      device_breeding_ = nullptr;
    }
    has_no_room_ = device_breeding_ == nullptr;
    return !has_no_room_;
  }
  /// Other threads of a CPU judge other tiles; a GPU waits for what is done to them.
  int threads() const { return device_.kind == Device::Kind::host ? 1 : scenery_.threads(); }
  /// The search was over before these tiles.
  static void pass(TileRange range, std::span<TileDigest> digests) {
    for (std::uint64_t i = 0; i < range.count; ++i) digests[i] = kernels::herd_digest(range.first + i, {}, {});
  }
  /// Its judges take the place of the search's, so that a card holds one market's tables at a time.
  TileDigest search_null(std::uint64_t tile, std::span<std::int64_t> out) {
    for (auto& judge : judges_) judge.reset();
    device_breeding_ = nullptr;
    there_ = nullptr;
    std::int64_t const statistic =
        null_statistic(params_, generation_->last, scenery_.bars(), scenery_.field(), tile - tiling_.search_tiles(), device_, threads());
    out[0] += statistic;
    return kernels::herd_digest(tile, {}, {&statistic, 1});
  }

  Params const& params_;
  Scenery const& scenery_;
  Breeding const& breeding_;
  Tiling const tiling_;
  std::uint64_t const last_;
  Device const device_;
  std::shared_ptr<Generation const> generation_;
  std::vector<std::unique_ptr<Judge>> judges_;  // of each herd
  std::unique_ptr<DeviceBreeding> device_breeding_;
  std::shared_ptr<Generation const> there_;  // which the device goes on from
  bool has_no_room_ = false;
  std::vector<std::int64_t> fitness_;
};

class EvolveJob final : public Job, public Steps {
 public:
  EvolveJob(Params const& params, std::filesystem::path const& folder)
      : params_(params), tiling_(tiling_of(params_)), scenery_(params_, folder), breeding_(params_, genes_of(params_)) {}

  std::string_view kind() const override { return "evolve"; }
  std::size_t slots() const override { return std::max(tiling_.herds * tiling_.slots, tiling_.nulls); }
  SlotWindow window(TileRange range) const override { return tiling_.window(range); }
  std::vector<std::uint64_t> stages() const override {
    std::vector<std::uint64_t> stages;
    for (std::uint64_t g = 1; g <= tiling_.generations; ++g) stages.push_back(g * tiling_.tiles_a_generation());
    if (tiling_.nulls > 0) stages.push_back(stages.back() + tiling_.nulls);
    return stages;
  }
  bool is_done(std::span<std::int64_t const>, std::uint64_t) const override { return false; }
  Steps const* steps() const override { return this; }

  CarryPtr first(int threads) const override {
    scenery_.allow(threads);
    scenery_.ground();
    return breeding_.first(threads);
  }
  CarryPtr next(CarryPtr const& carry, std::span<std::int64_t const> sums, int threads) const override {
    auto const& from = static_cast<Generation const&>(*carry);
    if (from.index < tiling_.generations) {
      auto const bred = breeding_.next(from, sums.first(tiling_.herds * tiling_.slots), threads);
      return decided_last_ && bred->index == *decided_last_ + 1 ? Breeding::cut(*bred) : bred;
    }
    auto last = std::make_shared<Generation>(from);
    ++last->index;
    last->nulls.assign(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(tiling_.nulls));
    return last;
  }
  double wall_s() const override { return decided_last_ ? 0 : params_.search.wall_s; }
  CarryPtr shorten(CarryPtr const& carry) const override {
    auto const& generation = static_cast<Generation const&>(*carry);
    return generation.has_candidates() ? Breeding::cut(generation) : nullptr;
  }
  void obey(std::span<std::int64_t const> sums) override {
    if (params_.search.wall_s > 0) decided_last_ = breeding_.decode(sums, 1)->last;
  }
  Slots encode(Carry const& carry) const override { return breeding_.encode(static_cast<Generation const&>(carry)); }
  CarryPtr decode(std::span<std::int64_t const> words, int threads) const override {
    scenery_.allow(threads);
    return breeding_.decode(words, threads);
  }
  /// Where a clock may end the run, what was carried before did not know it yet.
  Slots encode_waypoint(Carry const& carry) const override { return params_.search.wall_s > 0 ? Slots{} : encode(carry); }

  WorkUnit work_unit() const override {
    double const average = all_work() / static_cast<double>(stages().back());
    if (!is_traded(params_.objective)) return {"evaluations", average};
    return {"genome-bars", average, "evaluations", genome_work()};
  }
  double units(TileRange range) const override {
    auto const judged = static_cast<double>(tiling_.window(range).count);
    return genome_work() * (tiling_.is_null(range) ? judged * individuals() : judged);
  }
  std::string tell(Carry const& carry) const override { return progress_text(params_, static_cast<Generation const&>(carry)); }
  topology::Cost cost() const override {
    topology::Cost cost;
    cost.stages = stages();
    cost.has_gpu_form = is_traded(params_.objective);
    cost.sums_bytes = slots() * sizeof(std::int64_t);
    return cost;
  }
  std::optional<DeviceNeed> device_need(topology::Gpu const& gpu, std::uint64_t budget_bytes, Team team) const override {
    if (!is_traded(params_.objective)) return std::nullopt;
    DeviceNeed need;
    need.context_bytes = topology::context_bytes(gpu);
    need.pool_bytes = kernels::whole_steps(params_.objective == Objective::rules ? rule_bytes() : crossover_bytes());
    need.full_bytes = need.context_bytes + need.pool_bytes;
    need.fits = need.full_bytes <= budget_bytes;
    if (breeding_.keeps_lineage() || !team.is_alone) return need;
    auto const population = kernels::whole_steps(DeviceBreeding::bytes(breeding_));
    need.full_bytes += population;
    if (need.full_bytes <= budget_bytes)
      need.pool_bytes += population;
    else
      need.note = "the population stays on the host";
    return need;
  }
  std::unique_ptr<TileRunner> make_runner(Device device) const override {
    return std::make_unique<EvolveRunner>(params_, scenery_, breeding_, tiling_, decided_last_.value_or(params_.search.generations), device);
  }
  std::vector<Table> results(std::span<std::int64_t const> sums, std::uint64_t) const override {
    return make_tables(params_, scenery_, *breeding_.decode(sums, 1));
  }
  std::optional<std::filesystem::path> looks_journal() const override { return journal_of(params_, scenery_); }
  std::optional<io::Look> look(std::vector<Table> const& tables) const override { return look_of(params_, scenery_, tables); }
  std::string summary(std::vector<Table> const& tables) const override { return make_summary(params_, tables); }

 private:
  /// Judged by one search.
  double individuals() const { return static_cast<double>(tiling_.herds * tiling_.slots * tiling_.generations); }
  /// Of the search and of those on null markets.
  double all_work() const { return genome_work() * individuals() * static_cast<double>(1 + tiling_.nulls); }
  /// Symbol-bars of judging one genome once; 1 for a test function.
  double genome_work() const {
    if (!is_traded(params_.objective)) return 1;
    auto const& bars = scenery_.bars();
    double const symbols = params_.objective == Objective::rules ? static_cast<double>(bars.symbols.size()) : 1;
    return symbols * static_cast<double>(most_train_bars(spans_of(params_, bars.size())));
  }

  /// Of a GPU, for features, prices and rules; without building any.
  std::uint64_t rule_bytes() const {
    constexpr std::uint64_t spans = 8;
    auto const& bars = scenery_.bars();
    return tiling_.herds * kernels::backtest::device_bytes(
                               {static_cast<std::uint32_t>(bars.symbols.size()),
                                (kernels::backtest::indicator_count + params_.rules.learned) * params_.rules.windows.size(), bars.size(), spans,
                                to_backtest(params_.precision), rules_at_once});
  }

  /// Of a GPU, for a table of each training span.
  std::uint64_t crossover_bytes() const {
    std::uint64_t bytes = 0;
    for (Division const& fold : spans_of(params_, scenery_.bars().size()).folds)
      for (auto const span : fold.train) bytes += kernels::backtest::crossover_device_bytes(span.last - span.first, crossovers_at_once);
    return bytes;
  }

  Params const params_;
  Tiling const tiling_;
  Scenery const scenery_;
  Breeding const breeding_;
  std::optional<std::uint64_t> decided_last_;  // generation, by the clock of another run
};

}  // namespace

std::unique_ptr<Job> make_evolve_job(Params const& params, std::filesystem::path const& folder) {
  return std::make_unique<EvolveJob>(params, folder);
}

}  // namespace muster::jobs::evolve
