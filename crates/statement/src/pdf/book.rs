//! Pages, fonts and properties put together into one PDF 1.7 file.

use super::{
    canvas::{BOLD, CHINESE, PLAIN},
    face::EM,
};
use databourse_primitives::{Digest, Timestamp};
use pdf_writer::{
    Date, Finish, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo},
};

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const RESOURCES: Ref = Ref::new(4);
const LATIN_FONT: Ref = Ref::new(5);
const LATIN_BOLD_FONT: Ref = Ref::new(6);
const CHINESE_FONT: Ref = Ref::new(7);
const CHINESE_CID_FONT: Ref = Ref::new(8);
const CHINESE_DESCRIPTOR: Ref = Ref::new(9);
/// Objects of the pages follow, three of each.
const FIRST_FREE: i32 = 10;

/// A font that readers know by this name, with the encoding that belongs to it.
const CHINESE_NAME: Name<'static> = Name(b"STSong-Light");
const CHINESE_ENCODING: Name<'static> = Name(b"UniGB-UTF16-H");

/// What the file says of itself.
pub(super) struct Properties {
    pub(super) title: String,
    pub(super) subject: String,
    pub(super) author: String,
    pub(super) created_at: Option<Timestamp>,
    /// Digest of what the document shows: makes the file's identifier.
    pub(super) digest: Digest,
}

/// One page as compressed streams: its own, and what could be said only when all pages were known.
pub(super) struct Page {
    pub(super) body: Vec<u8>,
    pub(super) footer: Vec<u8>,
}

/// The file.
pub(super) fn bind(properties: &Properties, pages: &[Page]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let identifier = properties.digest.as_bytes()[..16].to_vec();
    pdf.set_file_id((identifier.clone(), identifier));
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr("zh-CN"));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    write_info(&mut pdf, properties);
    write_fonts(&mut pdf);

    let refs = (FIRST_FREE..).step_by(3).map(|first| [0, 1, 2].map(|offset| Ref::new(first + offset)));
    let kids = refs.clone().take(pages.len()).map(|[page, ..]| page);
    pdf.pages(PAGES).count(i32::try_from(pages.len()).unwrap_or(i32::MAX)).kids(kids);
    for (page, [at, body, footer]) in pages.iter().zip(refs) {
        let mut written = pdf.page(at);
        written.parent(PAGES).media_box(Rect::new(0.0, 0.0, 841.89, 595.28));
        written.contents_array([body, footer]).pair(Name(b"Resources"), RESOURCES);
        written.finish();
        pdf.stream(body, &page.body).filter(pdf_writer::Filter::FlateDecode);
        pdf.stream(footer, &page.footer).filter(pdf_writer::Filter::FlateDecode);
    }
    pdf.finish()
}

fn write_info(pdf: &mut Pdf, properties: &Properties) {
    let mut info = pdf.document_info(INFO);
    info.title(TextStr(&properties.title)).subject(TextStr(&properties.subject));
    info.author(TextStr(&properties.author)).producer(TextStr("Databourse"));
    if let Some(date) = properties.created_at.and_then(date) {
        info.creation_date(date);
    }
}

/// The parts of `2026-11-22T10:47:32.123Z`.
fn date(time: Timestamp) -> Option<Date> {
    let text = time.to_string();
    let two = |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse::<u8>().ok());
    let date = Date::new(time.year()).month(two(5)?).day(two(8)?);
    Some(date.hour(two(11)?).minute(two(14)?).second(two(17)?).utc_offset_hour(0).utc_offset_minute(0))
}

fn write_fonts(pdf: &mut Pdf) {
    let mut resources = pdf.indirect(RESOURCES).dict();
    let mut fonts = resources.insert(Name(b"Font")).dict();
    fonts.pair(PLAIN, LATIN_FONT).pair(BOLD, LATIN_BOLD_FONT).pair(CHINESE, CHINESE_FONT);
    fonts.finish();
    resources.finish();

    // Standard fonts: readers know their widths.
    for (at, name) in [(LATIN_FONT, Name(b"Helvetica")), (LATIN_BOLD_FONT, Name(b"Helvetica-Bold"))] {
        pdf.type1_font(at).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
    }

    let mut chinese = pdf.type0_font(CHINESE_FONT);
    chinese.base_font(Name(b"STSong-Light-UniGB-UTF16-H"));
    chinese.encoding_predefined(CHINESE_ENCODING).descendant_font(CHINESE_CID_FONT);
    chinese.finish();
    let mut cid_font = pdf.cid_font(CHINESE_CID_FONT);
    cid_font.subtype(CidFontType::Type0).base_font(CHINESE_NAME);
    cid_font.system_info(SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"GB1"), supplement: 5 });
    // Every character that is set in it is one em wide, whatever glyph the reader finds.
    cid_font.font_descriptor(CHINESE_DESCRIPTOR).default_width(EM as f32);
    cid_font.finish();
    let mut descriptor = pdf.font_descriptor(CHINESE_DESCRIPTOR);
    descriptor.name(CHINESE_NAME).flags(FontFlags::SERIF | FontFlags::SYMBOLIC);
    descriptor.bbox(Rect::new(-25.0, -254.0, 1000.0, 880.0)).italic_angle(0.0);
    descriptor.ascent(880.0).descent(-120.0).cap_height(880.0).stem_v(93.0);
}
