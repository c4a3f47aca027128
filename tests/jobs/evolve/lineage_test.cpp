// The lines of the best, against a record of everybody who was ever born.
#include "jobs/evolve/lineage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "jobs/evolve/ground.hpp"
#include "jobs/evolve/parse.hpp"
#include "jobs/rows.hpp"
#include "tests/io/scratch.hpp"

namespace muster::jobs::evolve {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view search = R"(kind = "evolve"
objective = "rastrigin"
dimensions = 6
hall_of_fame = 12
[search]
population = 96
islands = 4
generations = 24
migration_every = 3
migrants = 2
)";

struct Case {
  std::string name;
  std::vector<std::string> overrides;
};
void PrintTo(Case const& one, std::ostream* out) { *out << one.name; }

struct Born {
  std::vector<double> genome;
  std::int64_t fitness = 0;
};

/// A search, with all who were born in it.
struct Searched {
  explicit Searched(std::vector<std::string> overrides)
      : params(parse_params(search, "test.toml", {.overrides = std::move(overrides)})), breeding(params, genes_of(params)) {
    auto const judge = make_ground(params, nullptr)->make_judge({}, 0, 1);
    std::vector<std::int64_t> fitness(breeding.slots());
    generations.push_back(breeding.first(1));
    while (generations.back()->has_candidates()) {
      auto const& now = *generations.back();
      judge->judge(now.herds[0].candidates, fitness);
      for (std::uint64_t slot = 0; slot < breeding.slots(); ++slot) {
        auto const first = now.herds[0].candidates.begin() + static_cast<std::ptrdiff_t>(slot * breeding.genes());
        births[birth_at(now.index, slot)] = {{first, first + static_cast<std::ptrdiff_t>(breeding.genes())}, fitness[slot]};
      }
      generations.push_back(breeding.next(now, fitness, 2));
    }
  }
  Generation const& last() const { return *generations.back(); }
  Herd const& herd() const { return last().herds[0]; }
  std::uint64_t island_of(Birth birth) const { return slot_of(birth) / (params.search.population / params.search.islands); }

  Params params;
  Breeding breeding;
  std::vector<std::shared_ptr<Generation>> generations;
  std::map<Birth, Born> births;
};

class Lineage : public ::testing::TestWithParam<Case> {
 protected:
  Searched const searched{GetParam().overrides};
};

std::vector<double> genome_at(Herd const& herd, std::uint64_t slot, std::size_t genes) {
  auto const first = herd.population.genomes.begin() + static_cast<std::ptrdiff_t>(slot * genes);
  return {first, first + static_cast<std::ptrdiff_t>(genes)};
}

TEST_P(Lineage, KnowsTheBirthOfEverybodyAlive) {
  for (auto const& generation : searched.generations) {
    Herd const& herd = generation->herds[0];
    ASSERT_EQ(herd.population.tags.size(), herd.population.fitness.size());
    for (std::size_t slot = 0; slot < herd.population.tags.size(); ++slot) {
      auto const& one = herd.ancestors[herd.population.tags[slot]];
      ASSERT_EQ(genome_at(herd, slot, 6), searched.births.at(one.birth).genome);
      ASSERT_EQ(herd.population.fitness[slot], one.fitness);
    }
  }
}

/// Somebody of that birth lives on an island of the population that the child was proposed from.
bool lived(Searched const& searched, Birth parent, Birth child) {
  Herd const& herd = searched.generations[generation_of(child)]->herds[0];
  for (std::size_t slot = 0; slot < herd.population.tags.size(); ++slot)
    if (herd.ancestors[herd.population.tags[slot]].birth == parent && searched.island_of(slot) == searched.island_of(child)) return true;
  return false;
}

void expect_parents(Searched const& searched, Ancestor const& one) {
  auto const& child = searched.births.at(one.birth);
  EXPECT_EQ(one.fitness, child.fitness);
  std::uint32_t of_others = 0, of_nobody = 0;
  for (std::size_t g = 0; g < child.genome.size(); ++g) {
    auto const has = [&](Birth parent) { return parent != no_birth && searched.births.at(parent).genome[g] == child.genome[g]; };
    if (has(one.parents[0])) continue;
    ++(std::ranges::any_of(one.parents, has) ? of_others : of_nobody);
  }
  EXPECT_EQ(one.genes_of_others, of_others);
  EXPECT_EQ(one.new_genes, of_nobody);
  for (Birth const parent : one.parents) EXPECT_TRUE(parent == no_birth || lived(searched, parent, one.birth));
}

TEST_P(Lineage, LeadsEachOfTheHallBackToTheFirstGeneration) {
  ASSERT_EQ(searched.herd().hall.size(), 12U);
  for (Veteran const& one : searched.herd().hall) {
    auto const line = line_of(searched.herd(), one, 100);
    EXPECT_EQ(line.front().birth, birth_at(one.generation, one.slot));
    EXPECT_EQ(generation_of(line.back().birth), 0U);
    EXPECT_EQ(line.back().parents[0], no_birth);
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      EXPECT_EQ(line[i].parents[0], line[i + 1].birth);
      expect_parents(searched, line[i]);
    }
  }
}

TEST_P(Lineage, ReachesAsFarAsTheJobWantsAndNoFurther) {
  auto overrides = GetParam().overrides;
  overrides.push_back("lineage=5");
  Searched const shorter(overrides);
  ASSERT_EQ(shorter.herd().hall.size(), searched.herd().hall.size());
  for (std::size_t i = 0; i < shorter.herd().hall.size(); ++i) {
    auto const& one = shorter.herd().hall[i];
    auto const all = line_of(searched.herd(), searched.herd().hall[i], 5), some = line_of(shorter.herd(), one, 5);
    ASSERT_EQ(all.size(), some.size());
    for (std::size_t k = 0; k < all.size(); ++k) EXPECT_EQ(all[k].birth, some[k].birth);
    EXPECT_GE(generation_of(some.back().birth) + 5, one.generation);
  }
  EXPECT_LT(shorter.herd().ancestors.size(), searched.herd().ancestors.size());
  for (auto const& generation : shorter.generations) EXPECT_LE(generation->herds[0].ancestors.size(), (96U + 12U) * 6U);
}

TEST_P(Lineage, ChangesNothingElse) {
  auto overrides = GetParam().overrides;
  overrides.push_back("lineage=0");
  Searched const without(overrides);
  EXPECT_EQ(without.herd().population.genomes, searched.herd().population.genomes);
  EXPECT_TRUE(without.herd().ancestors.empty());
  EXPECT_TRUE(without.herd().population.tags.empty());
}

TEST_P(Lineage, SurvivesASave) {
  for (std::size_t const at : {std::size_t{0}, std::size_t{1}, std::size_t{9}, searched.generations.size() - 1}) {
    auto const words = searched.breeding.encode(*searched.generations[at]);
    EXPECT_EQ(searched.breeding.encode(*searched.breeding.decode(words, 1)), words);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Searches, Lineage,
    ::testing::Values(Case{"plus", {}}, Case{"generational", {"search.replacement=\"generational\"", "search.elites=3"}},
                      Case{"blend", {"search.crossover=\"blend\"", "search.topology=\"full\""}},
                      Case{"wanderers", {"search.migrant_choice=\"random\"", "search.topology=\"torus\"", "search.migration_every=1"}},
                      Case{"jde", {"search.algorithm=\"jde\""}},
                      Case{"jde_best", {"search.algorithm=\"jde\"", "search.trial_base=\"best_of_three\"", "search.migration_every=1"}}),
    [](auto const& given) { return given.param.name; });

/// With uniform crossover and one mutation a child, a wrong parent would show as many new genes.
TEST(LineageOfMutants, HasFewNewGenes) {
  Searched const searched({"search.crossover=\"uniform\"", "search.mutation=\"reset\"", "search.mutation_rate=0"});
  std::uint64_t children = 0, fresh = 0;
  for (auto const& one : searched.herd().ancestors) {
    children += one.parents[0] != no_birth ? 1 : 0;
    fresh += one.new_genes;
  }
  EXPECT_GT(children, 100U);
  EXPECT_LT(fresh, 2 * children);
}

TEST(LineageTable, TellsHowTheBestCameAbout) {
  Searched const searched({});
  auto const table = lineage_table(searched.params, searched.last());
  auto const& steps = column<std::int64_t>(table, "step");
  auto const& generations = column<std::int64_t>(table, "generation");
  auto const& parents = column<std::int64_t>(table, "parent_1_generation");
  auto const& islands = column<std::int64_t>(table, "island");
  auto const& came = column<std::int64_t>(table, "migrated_from");
  EXPECT_EQ(std::ranges::count(steps, 0), 12);
  std::uint64_t moves = 0;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    if (steps[i + 1] == 0) continue;
    EXPECT_EQ(parents[i], generations[i + 1]);
    EXPECT_EQ(came[i], islands[i + 1] == islands[i] ? -1 : islands[i + 1]);
    moves += came[i] >= 0 ? 1 : 0;
  }
  EXPECT_GT(moves, 0U);
  EXPECT_THAT(column<std::string>(table, "made_by"), ::testing::Contains("draw"));
  EXPECT_THAT(column<std::string>(table, "made_by"), ::testing::Contains("mutation"));
  EXPECT_EQ(parents.back(), -1);
}

TEST(LineageKey, IsPartOfTheJobWhereItIsNotWhatAutoSays) {
  auto const text_with = [](std::vector<std::string> overrides) {
    return render_params(parse_params(search, "test.toml", {.overrides = std::move(overrides)}));
  };
  EXPECT_THAT(text_with({}), ::testing::Not(HasSubstr("lineage")));
  EXPECT_EQ(text_with({"lineage=100"}), text_with({}));
  EXPECT_THAT(text_with({"lineage=7"}), HasSubstr("lineage = 7"));
  EXPECT_EQ(parse_params(text_with({"lineage=7"}), "test.toml").lineage, 7U);
  EXPECT_EQ(parse_params(search, "test.toml", {.overrides = {"search.population=262148"}}).lineage, 0U);
}

/// The words of a save in which one of those after `from` is another, and what is said to it.
std::string said_to(Breeding const& breeding, Slots words, std::size_t at, std::int64_t word) {
  words[at] = word;
  return io::message_of(Exit::user, [&] { breeding.decode(words, 1); });
}

TEST(LineageWords, AreNotBelieved) {
  Searched const searched({"hall_of_fame=1"});
  auto const words = searched.breeding.encode(searched.last());
  auto const& herd = searched.herd();
  // From the end: no nulls, no trials, the hall's one place, then the ancestors, eight words each, their number, and the tags.
  auto const hall = words.size() - 3, first = hall - 8 * herd.ancestors.size(), tags = first - 1 - herd.population.tags.size();
  auto const said = [&](std::size_t at, std::int64_t word) { return said_to(searched.breeding, words, at, word); };
  EXPECT_THAT(said(hall, 1 << 20), HasSubstr("has an individual without a birth"));
  EXPECT_THAT(said(hall, words[hall] == 0 ? 1 : 0), HasSubstr("has an ancestor born elsewhere"));
  EXPECT_THAT(said(tags, -1), HasSubstr("has an individual without a birth"));
  EXPECT_THAT(said(tags - 1, 3), HasSubstr("has births of another number of slots"));
  EXPECT_THAT(said(first, static_cast<std::int64_t>(birth_at(60, 1))), HasSubstr("has ancestors that cannot be"));
  EXPECT_THAT(said(first, 96), HasSubstr("has ancestors that cannot be"));
  EXPECT_THAT(said(first + 6, 5), HasSubstr("has ancestors that cannot be"));
  EXPECT_THAT(said(first + 8, words[first]), HasSubstr("has ancestors that cannot be"));
}

}  // namespace
}  // namespace muster::jobs::evolve
