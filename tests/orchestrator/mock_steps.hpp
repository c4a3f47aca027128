// A job in steps whose every tile depends on all tiles of the stage before.
#pragma once

#include "tests/orchestrator/mock_job.hpp"

namespace muster::test {

struct MockCarry : jobs::Carry {
  MockCarry(std::int64_t stage_, std::uint64_t word_) : stage(stage_), word(word_) {}
  std::int64_t stage;
  std::uint64_t word;
};

/// One slot a tile of the stage.
struct SteppedJob : MockJob, jobs::Steps {
  std::uint64_t tiles_a_stage = 10;
  std::int64_t done_at = INT64_MAX;  ///< the stage before this one is the last
  std::uint64_t stages_ahead = 0;    ///< that a lone runner runs by itself
  bool shares = false;               ///< GPUs of a rank
  bool are_joint = false;            ///< but every eighth stage
  std::function<void(std::uint64_t stage, int index)> before_sum;  ///< called before a companion gives its share of a stage
  mutable std::atomic<int> decoded = 0, stepped = 0, ran_ahead = 0, ran_together = 0;

  SteppedJob(std::uint64_t stages, std::uint64_t tiles) : tiles_a_stage(tiles) {
    slot_count = tiles;
    stage_tiles.clear();
    for (std::uint64_t stage = 1; stage <= stages; ++stage) stage_tiles.push_back(stage * tiles);
  }
  jobs::Steps const* steps() const override { return this; }
  bool shares_gpus() const override { return shares; }
  jobs::SlotWindow window(TileRange range) const override { return {range.first % tiles_a_stage, range.count}; }

  static std::int64_t value(std::uint64_t word, std::uint64_t tile) {
    return static_cast<std::int64_t>(mix(word ^ mix(tile)) >> 8);
  }
  static std::uint64_t mixed(std::uint64_t word, std::span<std::int64_t const> sums) {
    for (std::int64_t const sum : sums) word = mix(word ^ static_cast<std::uint64_t>(sum));
    return word;
  }
  bool is_joint(jobs::Carry const& carry) const override { return are_joint && static_cast<MockCarry const&>(carry).stage % 8 != 0; }
  jobs::CarryPtr first(int) const override { return std::make_shared<MockCarry>(0, 1); }
  jobs::CarryPtr next(jobs::CarryPtr const& carry, std::span<std::int64_t const> sums, int) const override {
    ++stepped;
    auto const& from = static_cast<MockCarry const&>(*carry);
    return std::make_shared<MockCarry>(from.stage + 1, mixed(from.word, sums));
  }
  bool is_done(jobs::Carry const& carry) const override {
    return static_cast<MockCarry const&>(carry).stage >= done_at;
  }
  Slots encode(jobs::Carry const& carry) const override {
    auto const& from = static_cast<MockCarry const&>(carry);
    return {from.stage, static_cast<std::int64_t>(from.word)};
  }
  jobs::CarryPtr decode(std::span<std::int64_t const> words, int) const override {
    ++decoded;
    MUSTER_REQUIRE(words.size() == 2, "{} words", words.size());
    return std::make_shared<MockCarry>(words[0], static_cast<std::uint64_t>(words[1]));
  }
  /// What a run of so many stages ends with, computed directly.
  Slots direct(std::int64_t stages) const {
    std::uint64_t word = 1;
    for (std::int64_t stage = 0; stage < stages; ++stage) {
      Slots sums;
      for (std::uint64_t i = 0; i < tiles_a_stage; ++i)
        sums.push_back(value(word, static_cast<std::uint64_t>(stage) * tiles_a_stage + i));
      word = mixed(word, sums);
    }
    return {stages, static_cast<std::int64_t>(word)};
  }

  struct SteppedRunner : Runner {
    using Runner::Runner;
    jobs::CarryPtr carry;
    void enter(jobs::CarryPtr entered) override { carry = std::move(entered); }
    void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
      if (job.before_range) job.before_range(range, device);
      auto const word = static_cast<MockCarry const&>(*carry).word;
      for (std::uint64_t i = 0; i < range.count; ++i) {
        sums[i] += value(word, range.first + i);
        digests[i] = {mix(word), range.first + i};
      }
    }
    std::optional<jobs::Ahead> run_ahead(TileRange stage, std::function<bool()> const& is_enough, jobs::Companions* companions) override {
      auto const& of = static_cast<SteppedJob const&>(job);
      if (stage.count != of.tiles_a_stage || of.stages_ahead == 0) return std::nullopt;
      auto const entered = carry;
      jobs::Ahead ahead{carry, {}};
      bool is_over = companions == nullptr && is_enough();
      while (ahead.digests.size() < of.stages_ahead * stage.count && !is_over && (companions == nullptr || of.is_joint(*ahead.carry))) {
        Slots sums(stage.count, 0);
        std::vector<TileDigest> digests(stage.count);
        carry = ahead.carry;
        run({stage.first + ahead.digests.size(), stage.count}, sums, digests);
        is_over = companions == nullptr ? is_enough() : share(*companions, sums, is_enough());
        auto const next = of.next(ahead.carry, sums, 1);
        bool const is_last = stage.first + ahead.digests.size() + stage.count == of.stage_tiles.back();
        if (is_last || of.is_done(*next)) break;
        ahead.digests.insert(ahead.digests.end(), digests.begin(), digests.end());
        ahead.carry = next;
      }
      carry = entered;
      if (ahead.digests.empty()) return std::nullopt;
      ++(companions == nullptr ? of.ran_ahead : of.ran_together);
      return ahead;
    }
    /// Its own slots alone, until the others have added theirs. Returns what the first of them says.
    bool share(jobs::Companions& companions, Slots& sums, bool is_enough) const {
      auto const& of = static_cast<SteppedJob const&>(job);
      auto const index = companions.index();
      if (of.before_sum) of.before_sum(static_cast<std::uint64_t>(static_cast<MockCarry const&>(*carry).stage), index);
      for (std::size_t i = 0; i < sums.size(); ++i)
        if (static_cast<int>(i) % companions.size() != index) sums[i] = 0;
      std::vector<std::span<std::int64_t>> parts;
      auto const devices = device.partners.size() + 1;
      for (std::size_t i = 0; i < devices; ++i)
        parts.push_back(std::span(sums).subspan(sums.size() * i / devices, sums.size() * (i + 1) / devices - sums.size() * i / devices));
      companions.add_on_devices(parts);
      std::int64_t word = index == 0 && is_enough;
      companions.add_words({&word, 1});
      return word != 0;
    }
  };
  std::unique_ptr<jobs::TileRunner> make_runner(jobs::Device device) const override {
    return std::make_unique<SteppedRunner>(*this, device);
  }
};

}  // namespace muster::test
