// The messages between rank 0 and the others (docs/decisions/0002-messages.md has the layout and
// why).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/transport.hpp"
#include "core/error.hpp"
#include "core/tile.hpp"
#include "jobs/registry.hpp"
#include "worker/device_memory.hpp"
#include "worker/wire.hpp"

namespace muster::worker {

inline constexpr std::uint16_t wire_magic = 0x754d;  // "Mu"
inline constexpr std::uint8_t wire_version = 7;

enum class MessageType : std::uint8_t {
  hello = 1,     ///< rank -> 0: who I am
  ready = 2,     ///< rank -> 0: the job is built, the devices are there
  results = 3,   ///< rank -> 0: leases done
  failure = 4,   ///< rank -> 0: a lease or a device failed
  ask = 5,       ///< rank -> 0: a consumer is idle; answered when there is work
  alive = 6,     ///< rank -> 0: a sign of life; answered at once
  bye = 7,       ///< rank -> 0: stopped as told; the last message
  news = 8,      ///< rank -> 0: ranks of its machine have died or were stopped
  present = 9,   ///< rank -> 0: before there is a job: what I am and where
  memory = 10,   ///< rank -> 0: what became of its devices' memory so far
  dropped = 11,  ///< rank -> 0: a lease that it was told to drop has ended
  welcome = 16,  ///< 0 -> rank: the job
  work = 17,     ///< 0 -> rank: leases, and those to drop
  noted = 18,    ///< 0 -> rank: heard you, nothing to do yet
  stop = 19,     ///< 0 -> rank: the run is over; the last message
  assign = 20,   ///< 0 -> rank: the answer to `present`: compute with this, or leave
};

/// Starts every message. `sequence` counts the messages of the sender to this receiver from 1;
/// `acknowledged` is the highest sequence the sender has taken in from the receiver.
struct Header {
  MessageType type = MessageType::ask;
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;
  std::uint64_t acknowledged = 0;
};

struct Hello {
  std::string muster_version;
  std::uint64_t arithmetic_version = 0;
  std::string host;
  std::string devices;  ///< for people: "2 CPU threads", "cuda:0"
};

struct Welcome {
  jobs::ResolvedJob job;
  std::string job_hash;  ///< SHA-256 of job.text, hex
};

struct Ready {
  std::string job_hash;  ///< of the text as it arrived
  std::uint64_t slots = 0;
  std::uint32_t consumers = 0;
  std::uint64_t preferred_tiles = 0;  ///< a lease, by the devices' own judgement
  std::uint32_t cards = 0;            ///< that compute as its only consumer and can sum with those of other ranks; else 0
};

struct Lease {
  std::uint64_t id = 0;  ///< unique in an epoch, from 1
  TileRange range;
};

/// Of a lease that ranks compute together, each a share of it: who they are.
struct Joint {
  std::uint64_t meeting = 0;  ///< counts those of an epoch; the same ranks stay connected
  std::uint32_t index = 0;    ///< of this rank among them
  std::uint32_t size = 1;
  Bytes name;                 ///< comm::Rendezvous::invite
};

/// How a rank comes to the stage of its leases, for a job in steps.
struct Step {
  enum class By : std::uint8_t {
    none = 0,      ///< it is there
    sums = 1,      ///< from the stage before, by that one's sums
    snapshot = 2,  ///< from nowhere, by all that is carried
  };
  By by = By::none;
  std::uint64_t stage = 0;
  Slots words;
};

struct Result {
  std::uint64_t lease = 0;
  TileRange range;
  double seconds = 0;  ///< compute time
  Slots sums;
  std::vector<TileDigest> digests;
  /// Of a runner that ran ahead, alone or with others, in whose process it stays: what came of the stages that `digests` goes on to, without sums.
  jobs::CarryPtr ahead = nullptr;
};

/// How far a lease had come when it was dropped; or a joint one, of a rank other than 0, when it was done.
struct Dropped {
  std::uint64_t lease = 0;
  std::uint64_t tiles = 0;
  double seconds = 0;  ///< compute time
};

struct Failure {
  std::uint64_t lease = 0;  ///< 0: a device failed outside of any lease
  Exit code = Exit::bug;
  Retry retry = Retry::useless;
  std::string device;
  std::string message;
};

struct Stop {
  Exit verdict = Exit::done;
  std::string reason;
  bool has_losses = false;  ///< nobody may call MPI_Finalize then
};

/// A message's first bytes, with room for so many more.
WireWriter begin_message(Header const& header, std::size_t payload = 0);

/// A message without a payload: ask, alive, bye, noted.
Bytes encode(Header const& header);
Bytes encode(Header const& header, Hello const& hello);
Bytes encode(Header const& header, Welcome const& welcome);
Bytes encode(Header const& header, Ready const& ready);
Bytes encode(Header const& header, Failure const& failure);
Bytes encode(Header const& header, Stop const& stop);
Bytes encode_news(Header const& header, std::span<comm::RankNews const> news);
Bytes encode(Header const& header, std::vector<DeviceUse> const& devices);
Bytes encode(Header const& header, Dropped const& dropped);
/// `drops`: leases that need not be computed any more. `joint`: of the only lease; null where there is none.
Bytes encode_work(Header const& header, Step const& step, std::span<Lease const> leases,
                  std::span<std::uint64_t const> drops = {}, Joint const* joint = nullptr);
Bytes encode_results(Header const& header, std::span<Result const> results);

/// Throws Error: (Exit::environment) when the message is of another muster or protocol version,
/// (Exit::bug) when it is cut short or impossible. All decoders do the latter.
Header decode_header(WireReader& in);
Hello decode_hello(WireReader& in);
Welcome decode_welcome(WireReader& in);
Ready decode_ready(WireReader& in);
Failure decode_failure(WireReader& in);
Stop decode_stop(WireReader& in);
std::vector<comm::RankNews> decode_news(WireReader& in);
std::vector<DeviceUse> decode_memory(WireReader& in);
Dropped decode_dropped(WireReader& in);
void decode_work(WireReader& in, Step& step, std::vector<Lease>& leases, std::vector<std::uint64_t>& drops,
                 std::optional<Joint>& joint);
std::uint32_t decode_results_count(WireReader& in);
/// How many accumulators a result of so many tiles has; zero for tiles that are not the job's.
using SlotsOf = std::function<std::size_t(TileRange)>;
/// One result into `out`, whose memory is used again. Other lengths than the job's are refused.
void decode_result(WireReader& in, SlotsOf const& slots_of, Result& out);
Exit decode_exit(WireReader& in);
/// Refuses bytes after the last field.
void expect_end(WireReader const& in);

}  // namespace muster::worker
