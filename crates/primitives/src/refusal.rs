//! Refusals: the answer to a command that breaks a rule. A refusal is about the command, never about the machine;
//! machine failures are other types, in the crates that touch machines.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// What kind of mistake a refusal names. The API maps each class to one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The bytes or fields cannot be read (400).
    Malformed,
    /// Who asks is not proven (401).
    Unauthenticated,
    /// Who asks may not (403).
    Forbidden,
    /// The thing named does not exist (404).
    NotFound,
    /// It contradicts what is already recorded (409).
    Conflict,
    /// Too many bytes (413).
    TooLarge,
    /// Readable and allowed, but a rule of the market says no (422).
    Rule,
    /// The node cannot do it now; try again (503).
    Unavailable,
}

macro_rules! refusal_codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal, $class:ident, $zh:literal;)*) => {
        /// Every reason to refuse, in order of precedence: when several apply, the first of this list is given.
        /// A code never changes its meaning and is never used again. `docs/refusals.md` is made from this list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RefusalCode {
            $($(#[doc = $doc])* $variant,)*
        }

        impl RefusalCode {
            /// Every code, in order of precedence.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable text of the code, `<noun>.<reason>`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The class of mistake.
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)* }
            }

            /// What happened, in one English sentence.
            pub fn meaning_en(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)* }
            }

            /// What happened, in one Chinese sentence.
            pub const fn meaning_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }
        }
    };
}

refusal_codes! {
    // ── the request ──
    /// The request has more bytes than the node reads.
    RequestTooLarge = "request.too_large", TooLarge, "请求超过节点可接收的大小。";
    /// The request's JSON, path, query or header cannot be read.
    RequestMalformed = "request.malformed", Malformed, "请求的 JSON、路径、查询或请求头无法读取。";
    /// The request carries no bearer token.
    TokenMissing = "token.missing", Unauthenticated, "请求未携带访问令牌。";
    /// The token is not one that this exchange issued, or it was altered.
    TokenInvalid = "token.invalid", Unauthenticated, "令牌不是本交易所签发的，或已被篡改。";
    /// The token was valid but its time is over.
    TokenExpired = "token.expired", Unauthenticated, "令牌已过期。";
    /// The token's roles do not allow this call.
    TokenRoleMissing = "token.role_missing", Forbidden, "令牌的角色不允许此操作。";
    /// The thing belongs to another party.
    ResourceForbidden = "resource.forbidden", Forbidden, "该资源属于其他主体。";
    /// Nothing exists under this name.
    ResourceUnknown = "resource.unknown", NotFound, "不存在该名称的资源。";
    /// The node cannot commit now; the same request, under the same id, may be sent again.
    ServiceUnavailable = "service.unavailable", Unavailable, "节点当前无法提交；可用同一编号重发同一请求。";
    /// More commands wait than the node holds; nothing was recorded and the same request may be sent again.
    ServiceBusy = "service.busy", Unavailable, "等待处理的命令过多；未记录任何内容，可重发同一请求。";

    // ── the entry ──
    /// An entry is at most 65,535 bytes.
    EntryTooLarge = "entry.too_large", TooLarge, "条目最多 65,535 字节。";
    /// An entry is a compact JWS (RFC 7515) with the header and payload members that docs/ENTRY.md lists.
    EntryMalformed = "entry.malformed", Malformed, "条目必须是符合规定头部和载荷的紧凑 JWS。";
    /// The entry names a type that this version does not know.
    EntryTypeUnknown = "entry.type_unknown", Malformed, "未知的条目类型。";
    /// A field of the entry's body is missing, unknown or of the wrong form.
    BodyMalformed = "body.malformed", Malformed, "条目正文的字段缺失、未知或格式错误。";
    /// The entry's id was used before for another intent.
    EntryIdReused = "entry.id_reused", Conflict, "该条目编号已用于另一项内容。";
    /// The region has not been founded: its first entry must be `region.found`.
    RegionNotFounded = "region.not_founded", Conflict, "区域尚未建立：首条条目必须是 region.found。";
    /// The region was founded before.
    RegionFounded = "region.founded", Conflict, "区域已经建立。";
    /// The ledger is closed: its last entry said so, and named the ledger that goes on.
    LedgerClosed = "ledger.closed", Conflict, "本账本已经终结，由其后继账本接续。";
    /// The region has decided to close its ledger and takes nothing new.
    LedgerClosing = "ledger.closing", Rule, "本区域已决定终结账本，不再受理新的认证、挂牌、订单或成员。";
    /// The region has not decided to close its ledger in this way.
    LedgerNotClosing = "ledger.not_closing", Rule, "本区域未作出如此终结账本的决定。";
    /// Something is still owed, held or to be signed, so the ledger cannot be closed yet.
    LedgerObligationsOpen = "ledger.obligations_open", Rule, "本账本尚有未清款项、冻结或未结窗口，暂不能终结。";
    /// What the founding says of the ledger before it does not hold.
    PredecessorInvalid = "predecessor.invalid", Rule, "创立条目所述前任账本的终结不成立。";
    /// The entry names an exchange that is not of this region.
    ExchangeUnknown = "exchange.unknown", Rule, "该交易所不属于本区域。";
    /// The signing key is not registered to anybody.
    KeyUnknown = "key.unknown", Rule, "签名密钥未登记。";
    /// The signing key was retired, or its owner revoked.
    KeyRetired = "key.retired", Forbidden, "签名密钥已停用或其所有者已被撤销。";
    /// The key is already registered.
    KeyTaken = "key.taken", Conflict, "密钥已被登记。";
    /// The signature does not verify with the key that the entry names.
    SignatureInvalid = "signature.invalid", Forbidden, "签名与条目所示密钥不符。";
    /// The entry's time of issue is later than the block's by more than five minutes.
    IssuedInFuture = "entry.issued_in_future", Rule, "条目的签发时间比区块时间晚五分钟以上。";
    /// The entry was issued more than a day before the block; sign it anew.
    IssuedTooLongAgo = "entry.issued_too_long_ago", Rule, "条目签发已超过一天，请重新签名。";
    /// The exchange acts for a party that did not entrust it, or a party acts for another.
    DelegationMissing = "delegation.missing", Forbidden, "交易所未获该主体委托，或主体代他人行事。";
    /// Only the exchange may do this.
    ExchangeOnly = "exchange.only", Forbidden, "仅交易所可执行此操作。";
    /// Only a party may do this.
    PartyOnly = "party.only", Forbidden, "仅市场主体可执行此操作。";

    // ── exchanges as members of the region ──
    /// The exchange is not a member at this height: it has not begun yet, is suspended or has left.
    MemberNotActive = "member.not_active", Forbidden, "该交易所在此高度不是有效成员：尚未生效、已被暂停或已退链。";
    /// The exchange is leaving the region and takes no new certifications, listings or orders.
    MemberLeaving = "member.leaving", Rule, "该交易所正在退链，不再受理新的认证、挂牌或订单。";
    /// Only the exchange itself may propose this.
    MemberNotConcerned = "member.not_concerned", Forbidden, "仅该交易所本身可以提出此项提案。";
    /// The exchange that would be suspended has no say in it.
    MemberVoteBarred = "member.vote_barred", Forbidden, "被提议暂停的交易所不得参与该项表决。";
    /// No proposal of this id was made.
    MemberProposalUnknown = "member.proposal_unknown", Rule, "该编号的提案不存在。";
    /// The proposal was accepted or refused before.
    MemberProposalClosed = "member.proposal_closed", Conflict, "该提案已通过或已否决。";
    /// Fewer exchanges have a say than it takes to accept this.
    MemberQuorumUnreachable = "member.quorum_unreachable", Rule, "有表决权的交易所少于通过此项所需的数目。";
    /// The code belongs to an exchange that is or was a member.
    MemberCodeTaken = "member.code_taken", Conflict, "该代码属于现有或曾经的成员交易所。";
    /// The region has as many exchanges as it can have.
    MemberRegionFull = "member.region_full", Rule, "本区域的交易所数目已达上限。";
    /// The membership or a key of the exchange is about to change; wait until it has.
    MemberChangePending = "member.change_pending", Conflict, "该交易所的成员资格或密钥即将变更，请待其生效。";
    /// The exchange's standing in the region does not allow this.
    MemberState = "member.state", Rule, "该交易所当前的成员状态不允许此操作。";
    /// The region would be left without an active exchange.
    MemberLastActive = "member.last_active", Rule, "此操作将使本区域没有有效的交易所。";
    /// A key of the exchange comes without its own signature that it belongs to it.
    MemberProofMissing = "member.proof_missing", Forbidden, "该交易所的密钥缺少持有证明。";
    /// The new key did not sign that it belongs to the exchange.
    MemberProofInvalid = "member.proof_invalid", Forbidden, "新密钥未以签名证明其归属该交易所。";
    /// The evidence of double signing does not hold.
    EvidenceInvalid = "evidence.invalid", Rule, "重复签名的证据不成立。";
    /// The exchange has been suspended since what the evidence shows.
    EvidenceKnown = "evidence.known", Conflict, "该交易所已因此后生效的暂停承担过责任，证据不再受理。";
    /// The exchange still owes, holds or has to sign something, so it cannot leave yet.
    MemberObligationsOpen = "member.obligations_open", Rule, "该交易所尚有未清款项、冻结或待签窗口，暂不能退出。";
    /// A snapshot that was ordered before is not attested yet.
    SnapshotOpen = "snapshot.open", Conflict, "此前下达的快照尚未证实。";
    /// No snapshot was ordered for this height.
    SnapshotUnknown = "snapshot.unknown", Rule, "该高度没有下达过快照。";
    /// The block after which the state is copied is not before this one.
    SnapshotNotDue = "snapshot.not_due", Rule, "该快照所在区块尚不早于本区块。";
    /// The exchange has said before what its copy of this height came to.
    SnapshotAttested = "snapshot.attested", Conflict, "该交易所已对此高度的快照作出证实。";

    // ── parties ──
    /// No party of this id is certified.
    PartyUnknown = "party.unknown", Rule, "该编号的主体未经认证。";
    /// The party's certification was revoked.
    PartyRevoked = "party.revoked", Rule, "该主体的认证已被撤销。";
    /// The party's certification is over; it must be renewed.
    PartyExpired = "party.expired", Rule, "该主体的认证已到期，须续期。";
    /// The party is not certified for the role that this needs.
    PartyRoleMissing = "party.role_missing", Forbidden, "该主体未取得所需角色的认证。";
    /// The legal identifier is not a valid unified social credit code (GB 32100-2015) or other accepted form.
    PartyIdentifierInvalid = "party.identifier_invalid", Rule, "法人标识不是有效的统一社会信用代码或其他可接受形式。";
    /// Another party is certified with this legal identifier.
    PartyIdentifierTaken = "party.identifier_taken", Conflict, "该法人标识已有主体认证。";
    /// The certification ends before it begins.
    PartyTermInvalid = "party.term_invalid", Rule, "认证的截止时间早于开始时间。";

    // ── rights ──
    /// No right of this id is registered.
    RightUnknown = "right.unknown", Rule, "该编号的权利未登记。";
    /// The right belongs to another holder.
    RightNotHolder = "right.not_holder", Forbidden, "该权利属于其他持有人。";
    /// The right's term has not begun or is over.
    RightNotInForce = "right.not_in_force", Rule, "权利期限尚未开始或已结束。";
    /// The right ends before it begins.
    RightTermInvalid = "right.term_invalid", Rule, "权利的截止时间早于开始时间。";
    /// Another holder has registered an interest of the same kind in this source.
    RightSourceClaimed = "right.source_claimed", Conflict, "该数据来源的同类权益已由其他持有人登记。";
    /// Public data needs the record of its authorised operation as parent.
    RightAuthorisationMissing = "right.authorisation_missing", Rule, "公共数据须附授权运营记录。";
    /// The right does not include the interest that this needs.
    RightInterestMissing = "right.interest_missing", Rule, "该权利不含所需的权益。";

    // ── products ──
    /// No product of this id is listed.
    ProductUnknown = "product.unknown", Rule, "该编号的产品未挂牌。";
    /// The product belongs to another supplier.
    ProductNotOwner = "product.not_owner", Forbidden, "该产品属于其他供方。";
    /// The product's state does not allow this.
    ProductState = "product.state", Rule, "产品当前状态不允许此操作。";
    /// The revision is not the one that follows the latest.
    ProductRevisionStale = "product.revision_stale", Conflict, "修订号不是最新修订的下一号。";
    /// Personal data needs a de-identification certificate.
    DeidentificationMissing = "product.deidentification_missing", Rule, "个人数据须附去标识化证明。";

    // ── offers ──
    /// No offer of this id is published.
    OfferUnknown = "offer.unknown", Rule, "该编号的要约未发布。";
    /// The offer was withdrawn, is not yet valid, or no longer.
    OfferNotOpen = "offer.not_open", Rule, "要约已撤回、尚未生效或已过期。";
    /// The offer is private and for another buyer.
    OfferPrivate = "offer.private", Forbidden, "该要约为定向要约，仅限其他需方。";
    /// The offer's terms contradict each other or the product.
    OfferTermsInvalid = "offer.terms_invalid", Rule, "要约条款自相矛盾或与产品不符。";
    /// The region has no such asset.
    AssetUnknown = "asset.unknown", Rule, "本区域没有该资产。";
    /// The amount has more decimals than its asset.
    AmountTooManyDecimals = "amount.too_many_decimals", Rule, "金额的小数位多于其资产允许的位数。";
    /// The amount is negative, or above 9,007,199,254,740,991 minor units.
    AmountOutOfRange = "amount.out_of_range", Rule, "金额为负或超过上限。";
    /// The amount is zero where something must move.
    AmountZero = "amount.zero", Rule, "金额不得为零。";

    // ── orders and licences ──
    /// The order names no buyer, and only a certified buyer can license data.
    OrderBuyerMissing = "order.buyer_missing", Rule, "订单没有需方；只有经认证的需方才能取得许可。";
    /// No order of this id was placed.
    OrderUnknown = "order.unknown", Rule, "该编号的订单不存在。";
    /// The order belongs to another buyer.
    OrderNotBuyer = "order.not_buyer", Forbidden, "该订单属于其他需方。";
    /// The buyer and the supplier are one party.
    OrderSelfDealing = "order.self_dealing", Rule, "需方与供方为同一主体。";
    /// The lines of one order are of different assets.
    OrderAssetsMixed = "order.assets_mixed", Rule, "同一订单的各行资产不同。";
    /// The order group's parts contradict each other.
    OrderGroupInvalid = "order.group_invalid", Conflict, "订单组的各部分相互矛盾。";
    /// The quantity is above what the offer allows.
    OrderQuantityExceeded = "order.quantity_exceeded", Rule, "数量超过要约允许的上限。";
    /// The purpose is not one that the offer allows: one licence is for one scenario.
    LicencePurposeForbidden = "licence.purpose_forbidden", Rule, "用途不在要约许可范围内：一场景一授权。";
    /// The product is licensed exclusively to another buyer.
    LicenceExclusiveTaken = "licence.exclusive_taken", Conflict, "该产品已独家许可给其他需方。";
    /// The order has no licence of this line.
    LicenceUnknown = "licence.unknown", Rule, "订单中没有该行的许可。";
    /// The licence's state does not allow this.
    LicenceState = "licence.state", Rule, "许可当前状态不允许此操作。";
    /// Only the supplier of the product delivers it.
    DeliveryNotSupplier = "delivery.not_supplier", Forbidden, "仅产品供方可以交付。";
    /// The refund names a purchase that does not exist.
    RefundOriginalNotFound = "refund.original_not_found", Rule, "退款所指的原交易不存在。";
    /// The refund, with those before it, is more than was bought.
    RefundExceedsPurchase = "refund.exceeds_purchase", Rule, "累计退款超过原购买数量。";
    /// Only the supplier or the exchange grants a refund.
    RefundNotAllowed = "refund.not_allowed", Forbidden, "仅供方或交易所可以退款。";

    // ── money ──
    /// No fee schedule of this asset is in force.
    ScheduleUnknown = "schedule.unknown", Rule, "该资产没有生效的费率表。";
    /// The schedule's version does not follow, its position has passed, or its rates exceed the whole.
    ScheduleInvalid = "schedule.invalid", Rule, "费率表版本不连续、生效位置已过或费率之和超过整体。";
    /// No table of value-added tax rates has this version.
    TaxUnknown = "tax.unknown", Rule, "不存在该版本的增值税税率表。";
    /// The tax table's version does not follow, or it names a category that it has no rate for.
    TaxInvalid = "tax.invalid", Rule, "税率表版本不连续或引用了没有税率的类别。";
    /// The product has no revenue shares of this version.
    SharesUnknown = "shares.unknown", Rule, "该产品没有此版本的收益分配方案。";
    /// The revenue shares name a party twice, are too many or too deep, or weigh nothing.
    SharesInvalid = "shares.invalid", Rule, "收益分配方案重复列名、过多过深或权重为零。";
    /// The fee of this party, role and year was charged before, or the schedule has none.
    FeeNotDue = "fee.not_due", Conflict, "该主体本年度的该项费用已收取，或费率表未规定此费用。";
    /// The account is closed.
    AccountClosed = "account.closed", Rule, "账户已关闭。";
    /// The account is frozen: nothing leaves it.
    AccountFrozen = "account.frozen", Rule, "账户已冻结，不得支出。";
    /// The account's constraint does not allow this change, or money is still on it.
    AccountState = "account.state", Rule, "账户当前状态不允许此操作，或账户尚有余额。";
    /// The account is in the book of another exchange.
    AccountOtherBook = "account.other_book", Forbidden, "该账户在另一交易所的账簿中。";
    /// No account of this name was used.
    AccountUnknown = "account.unknown", NotFound, "不存在该名称的账户。";
    /// The account does not hold this much.
    FundsInsufficient = "account.insufficient_funds", Rule, "账户余额不足。";
    /// The account's totals would leave the range that the ledger keeps.
    AccountOverflow = "account.overflow", Rule, "账户累计额将超出账本范围。";
    /// The bank line was recorded before.
    BankReferenceTaken = "account.bank_reference_taken", Conflict, "该银行流水已入账。";

    // ── holds, vouchers, disputes ──
    /// No money is held under this id.
    HoldUnknown = "hold.unknown", Rule, "该编号下没有冻结款项。";
    /// The hold has ended: it was posted, voided or has expired, and ends only once.
    HoldEnded = "hold.ended", Rule, "冻结已结束：已划付、已撤销或已到期，且只结束一次。";
    /// The hold's time is over; its money can only go back.
    HoldExpired = "hold.expired", Rule, "冻结已到期，款项只能退回。";
    /// The hold's time is not over yet.
    HoldNotDue = "hold.not_due", Rule, "冻结尚未到期。";
    /// More would be posted or voided than is held.
    HoldExceeded = "hold.exceeded", Rule, "划付或撤销的金额超过冻结金额。";
    /// No voucher of this id was issued.
    VoucherUnknown = "voucher.unknown", Rule, "该编号的科技创新券未发放。";
    /// The voucher belongs to another party.
    VoucherNotHolder = "voucher.not_holder", Forbidden, "该科技创新券属于其他主体。";
    /// The voucher does not pay for this, or its time is over.
    VoucherNotApplicable = "voucher.not_applicable", Rule, "该科技创新券不适用于此项或已过期。";
    /// No dispute of this id was opened.
    DisputeUnknown = "dispute.unknown", Rule, "该编号的争议不存在。";
    /// The line is disputed, or was; or the dispute was decided.
    DisputeState = "dispute.state", Rule, "该行已有争议，或争议已裁决。";
    /// The time for disputing the line is over.
    DisputeTooLate = "dispute.too_late", Rule, "提出争议的期限已过。";

    // ── settlement windows ──
    /// No settlement window of this number was opened.
    WindowUnknown = "window.unknown", Rule, "该编号的结算窗口不存在。";
    /// The settlement window is not the open one.
    WindowNotOpen = "window.not_open", Conflict, "该结算窗口不是当前开放的窗口。";
    /// The settlement window's state does not allow this.
    WindowState = "window.state", Conflict, "结算窗口当前状态不允许此操作。";
    /// The exchange has nothing in this window, so there is nothing for it to sign.
    WindowNotParticipant = "window.not_participant", Forbidden, "该交易所在此窗口中没有业务。";
    /// The signed head does not count or sum what the ledger holds for the window.
    WindowHeadDiffers = "window.head_differs", Rule, "签署的窗口摘要与账本的笔数或金额不符。";
    /// The exchange has signed this window with another head.
    WindowHeadSigned = "window.head_signed", Conflict, "该交易所已对此窗口签署另一摘要。";
    /// Who signed a window's head first cannot sign it as the second person.
    WindowSecondPerson = "window.second_person", Forbidden, "窗口摘要的经办人不能自行复核。";
    /// A payment of this window was confirmed, so it can no longer be aborted.
    WindowPartlyPaid = "window.partly_paid", Conflict, "该窗口已有付款确认，不能中止。";
    /// The window has no such payment instruction.
    InstructionUnknown = "instruction.unknown", Rule, "该窗口没有此付款指令。";
    /// The payment instruction was confirmed before.
    InstructionConfirmed = "instruction.confirmed", Conflict, "该付款指令已确认。";
    /// The confirmed amount differs from the instructed one by more than the tolerance.
    InstructionAmountDiffers = "instruction.amount_differs", Rule, "到账金额与指令金额之差超过容差。";
    /// Only the exchange that the payment concerns may do this.
    InstructionNotPayee = "instruction.not_payee", Forbidden, "仅收款交易所可以确认。";

    // ── breaks ──
    /// No break of this id was opened.
    BreakUnknown = "break.unknown", Rule, "该编号的差错不存在。";
    /// The break's state does not allow this.
    BreakState = "break.state", Rule, "差错当前状态不允许此操作。";
    /// Who proposed a resolution cannot approve it.
    BreakSecondPerson = "break.second_person", Forbidden, "提出方案的人不能自行批准。";
    /// The break concerns other exchanges.
    BreakNotConcerned = "break.not_concerned", Forbidden, "该差错与此交易所无关。";
    /// The break's kind needs evidence that was not given.
    BreakEvidenceMissing = "break.evidence_missing", Rule, "缺少该类差错所需的证据。";
    /// A resolution must name the posting that corrects it, and that posting must exist.
    BreakPostingUnknown = "break.posting_unknown", Rule, "处理差错须指明已入账的更正条目。";

    // ── anchors ──
    /// The anchored size is larger than the ledger before this entry.
    AnchorSizeBeyondLedger = "anchor.size_beyond_ledger", Rule, "锚定的规模超过本条目之前的账本。";
    /// A larger checkpoint is recorded for this chain and contract.
    AnchorSizeNotGrown = "anchor.size_not_grown", Conflict, "该链和合约已记录更大的检查点。";
    /// This checkpoint or statement is recorded for this chain and contract.
    AnchorRecorded = "anchor.recorded", Conflict, "该链和合约已记录此检查点或结算单。";

    // ── files of banks and books ──
    /// The file is not one that this reader knows, or a line of it is damaged; nothing of it was taken.
    FileMalformed = "file.malformed", Malformed, "文件格式未知或某行损坏；未采用其中任何内容。";

    // ── certificates ──
    /// The order has lines that are not yet accepted, so there is no completed trade to certify.
    CertificateTradeIncomplete = "certificate.trade_incomplete", Rule, "订单尚有未验收的行，交易未完成，不能出证。";
    /// The order has its certificate.
    CertificateIssued = "certificate.issued", Conflict, "该订单的凭证已签发。";
    /// The certificate's number is not above the last one of its exchange, or names another exchange or year.
    CertificateNumberStale = "certificate.number_stale", Conflict, "凭证编号未大于该交易所的上一编号，或交易所、年份不符。";
    /// What the certificate states is not what the ledger holds.
    CertificateFactsDiffer = "certificate.facts_differ", Rule, "凭证所述与账本记录不符。";
    /// No certificate has this number.
    CertificateUnknown = "certificate.unknown", NotFound, "不存在该编号的凭证。";
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RefusalCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.as_str() == text);
        known.copied().ok_or_else(|| serde::de::Error::custom("expected a refusal code of docs/refusals.md"))
    }
}

/// A refusal: the code, the field that caused it, and what would have been accepted. It changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: RefusalCode,
    /// Path of the failing field in the body, e.g. `lines[2].quantity`; empty if the whole is meant.
    pub field: Cow<'static, str>,
    /// What was expected, for the person who sent it.
    pub expected: Cow<'static, str>,
}

impl Refusal {
    /// A refusal of `field` for the reason `code`.
    pub fn new(
        code: RefusalCode,
        field: impl Into<Cow<'static, str>>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code, field: field.into(), expected: expected.into() }
    }

    /// The same refusal with its field under `parent`: `quantity` in `lines[2]` is `lines[2].quantity`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = match &*self.field {
            "" => parent.to_owned().into(),
            field => format!("{parent}.{field}").into(),
        };
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.field.is_empty() {
            write!(f, " at {}", self.field)?;
        }
        write!(f, ": {} Expected: {}", self.code.meaning_en(), self.expected)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_shaped_alike() {
        let texts: BTreeSet<_> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), RefusalCode::ALL.len());
        for code in RefusalCode::ALL {
            let (noun, reason) = code.as_str().split_once('.').unwrap();
            assert!(
                [noun, reason].iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            );
            assert!(code.meaning_en().ends_with('.') && code.meaning_zh().ends_with('。'), "{code}");
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(serde_json::from_str::<RefusalCode>(&json).unwrap(), *code);
        }
    }

    #[test]
    fn a_field_is_named_by_its_whole_path() {
        let refusal =
            Refusal::new(RefusalCode::OrderQuantityExceeded, "quantity", "at most 5").within("lines[2]");
        assert_eq!(refusal.field, "lines[2].quantity");
        assert_eq!(Refusal::new(RefusalCode::OrderUnknown, "", "").within("order").field, "order");
    }
}
