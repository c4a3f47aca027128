#include "core/schema.hpp"
#include "jobs/train/fields.hpp"
#include "jobs/train/train_job.hpp"

namespace muster::jobs::train {
namespace {

constexpr std::string_view conventions =
    R"(A train job of the model `surrogate` teaches a network the price of an option, and by it the derivatives, as a function of contract
and market. It draws contracts, prices each by simulated paths with pathwise derivatives, and learns from both. One of the model
`autoencoder` teaches a network to give windows of price bars back from a few numbers.

## Conventions

- A call has strike 1: spots and prices are in strikes. Multiply by the strike.
- Contracts are drawn by (seed, number), labels by (seed, number, path): nothing depends on ranks, threads or devices.
- `data.file` has samples that any program has labelled (docs/formats/samples.md) in place of simulated ones; they must lie in the job's
  box, and are judged by their own labels.
- A step is cut into `shards` tiles. Each shard's gradient is rounded to integers once, and integers are added: any number of
  ranks and threads gives the same network, bit for bit, on any instruction set (docs/methods/training.md).
- The network that is kept is the best by the validation samples. The test samples are looked at once, in the end; European calls
  are judged by the closed form there.
- An autoencoder sees of each bar the logarithms of open, high, low and close over the close before, adjusted forward, and of the traded
  value over that before: what is known at the bar's close. They are scaled by mean and deviation of the train span, and at most 8.
- A window is so many bars in a row in which its symbol traded, and with the close before it lies within one span. Windows with gaps
  are left out. Spans are cut as those of an evolve job are; bars are part of the job by their digest.
- `"auto"`, or leaving such a key out, lets muster choose; the choice is printed, stored in the result and part of the job
  that its hash names.

)";

}  // namespace

std::string reference() { return std::string(conventions) + schema::reference(job_table()); }

}  // namespace muster::jobs::train
