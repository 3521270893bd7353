// What the page says, in English and Chinese.

/** The checks: what is asked. */
export const CHECK_WORDS = {
  file: ['The file is a certificate', '文件是凭证'],
  entry: ['The statement can be read', '声明可以读取'],
  receipt: ['The proof can be read', '证明可以读取'],
  author: ['The key is the one that the statement names', '密钥与声明所指一致'],
  signature: ['The author signed the statement', '签发方签署了声明'],
  log: ['A ledger that you trust signed the checkpoint', '您信任的账本签署了检查点'],
  quorum: ['Enough witnesses cosigned it', '足够多的见证方已联签'],
  inclusion: ['The statement stands in that ledger', '声明确在该账本之中'],
};

/** The codes of refusals, as `databourse verify` prints them. */
export const CODE_WORDS = {
  'certificate.too_large': ['The file is too large for a certificate.', '文件过大，不是凭证。'],
  'certificate.malformed': ['This is not a certificate, or a part of it is damaged.', '这不是凭证，或其部分内容已损坏。'],
  'certificate.format_unknown': ['A format or version that this page does not know.', '本页不认识的格式或版本。'],
  'entry.too_large': ['The statement is too large.', '声明过大。'],
  'entry.malformed': ['The signed statement cannot be read.', '已签署的声明无法读取。'],
  'receipt.malformed': ['The proof cannot be read.', '证明无法读取。'],
  'checkpoint.malformed': ['The checkpoint in the proof cannot be read.', '证明中的检查点无法读取。'],
  'author_key.differs': ['The key in the file is not the one that the statement names.', '文件中的密钥与声明所指的密钥不同。'],
  'signature.invalid': ['The author did not sign this statement. It was changed, or it is forged.', '签发方未签署该声明：内容被改动，或系伪造。'],
  'checkpoint.origin_unknown': ['It is of a ledger that your policy does not name.', '该凭证出自您的策略未列出的账本。'],
  'checkpoint.signature_invalid': ['A signature under the checkpoint does not hold. It was changed, or it is forged.', '检查点下的签名不成立：内容被改动，或系伪造。'],
  'checkpoint.log_signature_missing': ['The ledger that your policy names did not sign the checkpoint.', '您的策略所列的账本未签署该检查点。'],
  'checkpoint.quorum_missing': ['Too few of the witnesses that your policy names cosigned.', '您的策略所列的见证方联签数量不足。'],
  'inclusion.invalid': ['The statement does not stand at that place of that ledger.', '声明不在该账本的该位置。'],
};

export const WORDS = {
  valid: ['Genuine and complete', '凭证真实、完整'],
  validOf: ['All checks hold, by the policy below.', '依据下方策略，所有检查均通过。'],
  validOther: ['All checks hold, but this is no certificate of a trade: it proves another statement.', '所有检查均通过，但这不是交易凭证，而是另一类声明的证明。'],
  refused: ['Refused', '未通过'],
  failed: ['Not verified', '未能核验'],
  notReached: ['not reached', '未执行'],
  number: ['Number', '凭证编号'],
  buyer: ['Buyer', '需方'],
  paid: ['Paid, tax inclusive', '已付（含税）'],
  order: ['Order', '订单'],
  placed: ['Ordered', '下单时间'],
  completed: ['Completed', '完成时间'],
  statement: ['Statement', '声明类型'],
  more: ['lines in all; the certificate shows the first', '行明细；凭证显示前'],
  place: ['Place in the ledger', '账本位置'],
  cosigned: ['cosigned by', '联签方'],
  nodePolicy: [
    'This is the policy of the node that serves this page: it says itself whom to trust. For an independent judgement choose a policy file from a source of your own.',
    '这是提供本页面的节点自己的策略：信任谁由它自己声明。如需独立判断，请选择自有来源的策略文件。',
  ],
  ownPolicy: ['Your own policy file:', '您自己的策略文件：'],
  noPolicy: ['No policy yet. Choose a policy file: it names whom you trust.', '尚无策略。请选择策略文件，其中列明您信任谁。'],
  policyBad: ['This policy cannot be read. Line', '策略无法读取。行号'],
  insecure: [
    'This browser checks signatures on https pages only. Open this page by https, or keep it as one file and open that.',
    '浏览器仅在 https 页面中提供签名核验。请通过 https 打开本页，或将本页保存为单个文件后打开。',
  ],
  old: ['This browser is too old for codes; choose the file of the certificate.', '浏览器版本过旧，无法读取二维码内容；请选择凭证文件。'],
  unknownNumber: ['This exchange knows no certificate of that number, or it is not final yet.', '本交易所没有该编号的凭证，或其尚未最终确认。'],
  unreachable: ['This exchange cannot be reached.', '无法连接本交易所。'],
};
