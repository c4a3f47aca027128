#include "orchestrator/desk.hpp"

#include <utility>

#include "core/log.hpp"

namespace muster::orchestrator {
namespace {

/// Keeps a failure to store a result apart from a faulty message: the rank is not to blame for it.
struct CommitFailed {
  Error error;
};

}  // namespace

using worker::Header;
using worker::MessageType;
using worker::WireReader;

Desk::Desk(comm::Transport& transport, State& state, DeskRules rules, Commit commit, ToSelf to_self)
    : transport_(transport),
      state_(state),
      rules_(std::move(rules)),
      commit_(std::move(commit)),
      to_self_(std::move(to_self)) {}

void Desk::handle(comm::Envelope const& message, double now_s) {
  int const rank = message.from;
  try {
    WireReader in(message.body);
    Header const header = worker::decode_header(in);
    on_heard(state_, rank, header.sequence, header.acknowledged, now_s);
    act_on(rank, header, in, now_s);
    answer(state_, rank, now_s, actions_);
  } catch (CommitFailed const& failed) {
    throw failed.error;
  } catch (Error const& error) {
    std::string const& host = state_.ranks[rank].host;
    throw Error(error.code(),
                fmt::format("from rank {}{}: {}", rank, host.empty() ? "" : " (" + host + ")",
                            error.what()),
                error.retry());
  }
  carry_out();
}

void Desk::act_on(int rank, Header const& header, WireReader& in, double now_s) {
  switch (header.type) {
    case MessageType::hello:
      return on_hello_message(rank, worker::decode_hello(in), now_s);
    case MessageType::ready:
      return on_ready_message(rank, worker::decode_ready(in), now_s);
    case MessageType::results:
      return on_results_message(rank, header.epoch, in);
    case MessageType::failure:
      return on_failure(state_, rank, header.epoch, worker::decode_failure(in), now_s, actions_);
    case MessageType::dropped:
      return on_dropped(state_, rank, header.epoch, worker::decode_dropped(in));
    case MessageType::ask:
      return worker::expect_end(in);
    case MessageType::alive:
      return on_alive(state_, rank);
    case MessageType::memory:
      return on_memory(state_, rank, worker::decode_memory(in));
    case MessageType::bye:
      return on_bye(state_, rank);
    case MessageType::news:
      return on_news_message(worker::decode_news(in), now_s);
    default:
      throw_error(Exit::bug, "a message of type {} (only rank 0 sends those); please report it",
                  static_cast<int>(header.type));
  }
}

void Desk::on_hello_message(int rank, worker::Hello const& hello, double now_s) {
  on_hello(state_, rank, hello.host);
  worker::Build const& own = rules_.build;
  if (hello.muster_version == own.muster_version &&
      hello.arithmetic_version == own.arithmetic_version)
    return;
  std::string const text = fmt::format(
      "rank {} ({}) runs muster {} with arithmetic_version {}, rank 0 muster {} with {} (their "
      "bits may differ); "
      "install the same muster on every host",
      rank, hello.host, hello.muster_version, hello.arithmetic_version, own.muster_version,
      own.arithmetic_version);
  on_end(state_, Exit::environment, text, Error(Exit::environment, text), now_s, actions_);
}

void Desk::on_ready_message(int rank, worker::Ready const& ready, double now_s) {
  bool const is_same = ready.job_hash == rules_.welcome.job_hash && ready.slots == rules_.slots;
  if (is_same || state_.phase == Phase::over)
    return on_ready(state_, rank, ready.consumers, ready.preferred_tiles, ready.cards, now_s);
  std::string const text = fmt::format(
      "rank {} ({}) has job {:.16} with {} accumulators, rank 0 job {:.16} with {} (it would "
      "compute something "
      "else); install the same muster on every host",
      rank, state_.ranks[rank].host, ready.job_hash, ready.slots, rules_.welcome.job_hash,
      rules_.slots);
  on_end(state_, Exit::environment, text, Error(Exit::environment, text), now_s, actions_);
}

void Desk::on_news_message(std::span<comm::RankNews const> news, double now_s) {
  for (comm::RankNews const& one : news) {
    if (one.fate == comm::Fate::dead) transport_.mark_lost(one.rank);
    on_news(state_, one, now_s, actions_);
  }
}

void Desk::news(std::span<comm::RankNews const> news, double now_s) {
  on_news_message(news, now_s);
  carry_out();
}

void Desk::on_results_message(int rank, std::uint32_t epoch, WireReader& in) {
  for (auto left = worker::decode_results_count(in); left > 0; --left) {
    worker::decode_result(in, rules_.slots_of, scratch_);
    take_result(rank, epoch, scratch_);
  }
  worker::expect_end(in);
}

void Desk::take_result(int rank, std::uint32_t epoch, worker::Result const& result) {
  if (on_result(state_, rank, epoch, result.lease, result.range, result.seconds) == Merge::refuse)
    return;
  try {
    commit_(result);
  } catch (Error const& error) {
    throw CommitFailed{error};
  }
}

void Desk::take_own(worker::Result const& result, double now_s) {
  try {
    take_result(0, state_.epoch, result);
  } catch (CommitFailed const& failed) {
    throw failed.error;
  }
  answer(state_, 0, now_s, actions_);
  carry_out();
}

void Desk::take_own(worker::Failure const& failure, double now_s) {
  on_failure(state_, 0, state_.epoch, failure, now_s, actions_);
  answer(state_, 0, now_s, actions_);
  carry_out();
}

void Desk::take_own(worker::Dropped const& dropped, double now_s) {
  on_dropped(state_, 0, state_.epoch, dropped);
  answer(state_, 0, now_s, actions_);
  carry_out();
}

void Desk::take_own(std::vector<worker::DeviceUse> devices) { on_memory(state_, 0, std::move(devices)); }

void Desk::open(std::string host, std::uint32_t consumers, std::uint64_t preferred_tiles,
                std::uint32_t cards, double now_s) {
  on_hello(state_, 0, std::move(host));
  on_ready(state_, 0, consumers, preferred_tiles, cards, now_s);
  answer(state_, 0, now_s, actions_);
  carry_out();
}

void Desk::tick(double now_s) {
  on_tick(state_, now_s, actions_);
  carry_out();
}

void Desk::judge(StageVerdict verdict, double now_s) {
  on_stage_judged(state_, verdict, now_s, actions_);
  carry_out();
}

void Desk::request_stop(double now_s) {
  on_stop_requested(state_, now_s, actions_);
  carry_out();
}

void Desk::end(Exit verdict, std::string reason, std::optional<Error> error, double now_s) {
  on_end(state_, verdict, std::move(reason), std::move(error), now_s, actions_);
  carry_out();
}

void Desk::carry_out() {
  for (std::string const& notice : actions_.notices) log::warn("{}", notice);
  for (std::string const& remark : actions_.remarks) log::info("{}", remark);
  for (Answer const& to_do : actions_.answers) {
    if (to_do.rank != 0)
      transport_.send(to_do.rank, message_for(to_do));
    else if (to_self_ && to_do.type == AnswerType::work)
      to_self_(leases_of(to_do), drops_of(to_do), joint_of(to_do));
  }
  actions_.clear();
}

std::span<Lease const> Desk::leases_of(Answer const& to_do) const {
  return std::span(actions_.leases).subspan(to_do.first_lease, to_do.lease_count);
}

std::span<std::uint64_t const> Desk::drops_of(Answer const& to_do) const {
  return std::span(actions_.drops).subspan(to_do.first_drop, to_do.drop_count);
}

std::optional<worker::Joint> Desk::joint_of(Answer const& to_do) {
  if (!to_do.joint) return std::nullopt;
  if (std::exchange(named_, state_.meeting) != state_.meeting) {
    auto const cards = state_.ranks[0].cards;
    name_ = rules_.rendezvous->invite(static_cast<int>(cards));
    log::info("{} ranks with {} GPU{} each compute together", state_.met.size(), cards, cards == 1 ? "" : "s");
  }
  return worker::Joint{state_.meeting, *to_do.joint, static_cast<std::uint32_t>(state_.met.size()), name_};
}

worker::Bytes Desk::message_for(Answer const& to_do) {
  RankState const& to = state_.ranks[to_do.rank];
  Header header{MessageType::noted, state_.epoch, to_do.sequence, to.heard};
  auto const joint = joint_of(to_do);
  switch (to_do.type) {
    case AnswerType::welcome:
      header.type = MessageType::welcome;
      return worker::encode(header, rules_.welcome);
    case AnswerType::work:
      header.type = MessageType::work;
      return worker::encode_work(
          header, to_do.step_from ? rules_.step_from(*to_do.step_from) : worker::Step{}, leases_of(to_do),
          drops_of(to_do), joint ? &*joint : nullptr);
    case AnswerType::stop:
      header.type = MessageType::stop;
      return worker::encode(header, worker::Stop{state_.verdict, state_.reason, has_losses(state_)});
    case AnswerType::noted:
      break;
  }
  return worker::encode(header);
}

}  // namespace muster::orchestrator
