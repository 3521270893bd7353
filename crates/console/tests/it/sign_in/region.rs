//! Two consoles of a region and the provider for demonstrations.

use super::world::{Answer, Browser, CLIENT, Clock, PAGE, console, listen, serve};
use databourse_api::token::TokenRole;
use databourse_console::{Person, Provider, ProviderConfig, SignInConfig};
use databourse_primitives::BilingualText;

pub(super) const PARTY: &str = "019aa2b4-5c00-7000-8000-000000000001";

/// Two consoles and their provider, which stands beside the first.
pub(super) struct Region {
    pub(super) clock: Clock,
    pub(super) issuer: String,
    pub(super) sh: String,
    pub(super) js: String,
}

fn person(id: &str, zh: &str, en: &str, roles: &[TokenRole], exchange: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: BilingualText::new(Some(zh), Some(en)).unwrap(),
        party: id.parse().ok(),
        roles: roles.iter().copied().collect(),
        exchange: exchange.parse().ok(),
    }
}

fn people() -> Vec<Person> {
    let mut people = vec![
        person("li.na", "李娜", "Li Na", &[TokenRole::Operator], "sh"),
        person("wang.wei", "王伟", "Wang Wei", &[TokenRole::Auditor], ""),
        person(PARTY, "港口数据", "Port Data", &[TokenRole::Merchant, TokenRole::Buyer], "js"),
    ];
    let many = (0..40).map(|n| person(&format!("op.{n}"), "众", "Many", &[TokenRole::Operator], "js"));
    people.extend(many);
    people
}

impl Region {
    pub(super) async fn start() -> Self {
        let clock = Clock::default();
        let ((first, sh), (second, js)) = (listen().await, listen().await);
        let issuer = format!("{sh}/oidc");
        let redirect_uris = [&sh, &js].map(|url| format!("{url}/sign-in/callback")).to_vec();
        let config = ProviderConfig { issuer: issuer.clone(), redirect_uris, client_id: CLIENT.to_owned() };
        let time = clock.clone();
        let provider = Provider::new(config, |_| async { people() }, move || time.now()).unwrap();
        let sign_in = || Some(SignInConfig::new(&issuer, CLIENT));
        serve(first, console("sh", &sh, sign_in(), &clock).nest("/oidc", provider.router()));
        serve(second, console("js", &js, sign_in(), &clock));
        Self { clock, issuer, sh, js }
    }

    /// Opens the page that lists the people.
    pub(super) async fn ask(&self, browser: &mut Browser, console: &str) -> Answer {
        let page = browser.open(&format!("{console}/sign-in?to={PAGE}")).await;
        assert!(
            page.status == 200 && page.url.starts_with(&format!("{}/authorize?", self.issuer)),
            "{}",
            page.url
        );
        page
    }

    /// Presses the button of `id` on that page.
    pub(super) async fn press(&self, browser: &mut Browser, page: &Answer, id: &str) -> Answer {
        let names = [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
        ];
        let mut fields: Vec<_> = names.iter().map(|name| (*name, page.value_of(name))).collect();
        assert!(page.text.contains(&format!("name=\"person\" value=\"{id}\"")), "{}", page.text);
        fields.push(("person", id.to_owned()));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{}/authorize", self.issuer), &fields).await
    }

    pub(super) async fn sign_in(&self, browser: &mut Browser, console: &str, id: &str) -> Answer {
        let page = self.ask(browser, console).await;
        let pressed = self.press(browser, &page, id).await;
        browser.follow(pressed).await
    }
}
