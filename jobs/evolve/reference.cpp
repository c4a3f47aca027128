#include "core/schema.hpp"
#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/fields.hpp"

namespace muster::jobs::evolve {
namespace {

constexpr std::string_view conventions =
    R"(An evolve job breeds populations of trading rules on islands, judges each by backtests over many symbols with shared cash,
and tells whether the best of them is more than luck. The same engine minimises test functions.

## Conventions

- Fitness is higher the better. A rule without enough trades, without variance or that is ruined has none: it is below every
  rule that has one.
- The champion is the best by the validation spans among the hall of fame, which is of the train spans. The test span is
  touched once, when the champion is known.
- `population` counts all islands and is a multiple of `islands`. Neither depends on ranks or devices; a rank more makes the
  same generations faster.
- The bars are part of the job by their digest, not by their path.
- `"auto"`, or leaving such a key out, lets muster choose; the choice is printed, stored in the result and part of the job
  that its hash names.

- `search.wall_s` ends the search with the generation that is being judged when so many seconds of a start are over. Which one that
  was depends on the machine, so two runs of such a job may differ; the result holds it, and `verify` and `replay` end there.

A champion prints as a line such as

    +35% sma(20) -40% rsi(14); long in 25% out 5%; short in -30% out -5%; stop 5%; target 12.5%; hold 40; size 20%

Its score is the weighted sum of indicators, each between -1 and 1, in percent of the sum of the weights' magnitudes. It buys
at the open after a close whose score is at least `in`, and sells after one at or below `out`; shorts the other way round.

With a feature file (`rules.features`, docs/formats/features.md) a term may be `latent_1(20)`, too: the mean of the last 20 bars' first latent
value, scaled so that three deviations of the train span are 1. The network must not have learned from bars of the validation or test span,
nor been chosen by bars of the test span. On null markets its values are made again; it is not trained again there.

Figures on 200 stocks of the S&P 500, and why they are no evidence: jobs/evolve/README.md.

)";

}  // namespace

std::string reference() { return std::string(conventions) + schema::reference(job_table()); }

}  // namespace muster::jobs::evolve
