//! `[server]`: where the program listens.

use std::net::SocketAddr;

use secrecy::SecretString;

use super::section::{Check, require, section};

section! {
    /// Where the program listens. Put a web server with a certificate (Caddy, nginx) in front of it: Meta only
    /// delivers to https.
    pub struct Server in "server" {
        /// The address and port. "0.0.0.0:8080" also accepts connections from other machines, as a container needs.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)),
        /// The password of the programming interface under /api. Without it that interface is closed.
        api_token: Option<SecretString> = None,
        /// The largest request that is read, in megabytes. Meta's webhooks reach 3.
        max_body_mb: u32 = 4,
    }
}

impl Check for Server {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let range = (1..=1024).contains(&self.max_body_mb);
        require(&mut problems, "max_body_mb", range, "expected a number from 1 to 1024");
        problems
    }
}
