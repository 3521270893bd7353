//! HTTP: route, parse, call the exchange, render.
