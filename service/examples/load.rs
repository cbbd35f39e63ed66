//! What the benchmark P13 compares: moves over HTTP, on connections that are kept open, and the same BEGIN, set_config,
//! call and COMMIT by the driver that the service uses.
//!
//!     load http ADDRESS SCHEMA PHASE COUNT CLIENTS
//!     load database URL SCHEMA PHASE COUNT CLIENTS
//!
//! Moves tickets 1 to COUNT to PHASE, divided among the clients; prints the seconds that it took.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "it may stop where anything is amiss"
)]

use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;
use tokio_postgres::types::Type;
use uuid::Uuid;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let (kind, target, schema, phase) = (
        words[1].clone(),
        words[2].clone(),
        words[3].clone(),
        words[4].clone(),
    );
    let (count, clients): (u128, u128) = (words[5].parse().unwrap(), words[6].parse().unwrap());
    let share = count / clients;
    let ready = std::sync::Arc::new(tokio::sync::Barrier::new(
        usize::try_from(clients).unwrap() + 1,
    ));
    let work: Vec<_> = (0..clients)
        .map(|client| {
            let ids = (client * share + 1..=(client + 1) * share)
                .map(Uuid::from_u128)
                .collect();
            let (target, schema, phase, ready) =
                (target.clone(), schema.clone(), phase.clone(), ready.clone());
            if kind == "http" {
                tokio::spawn(over_http(target, schema, phase, ids, ready))
            } else {
                tokio::spawn(directly(target, schema, phase, ids, ready))
            }
        })
        .collect();
    ready.wait().await;
    let began = Instant::now();
    for one in work {
        one.await.expect("a client failed");
    }
    println!("{}", began.elapsed().as_secs_f64());
}

type Ready = std::sync::Arc<tokio::sync::Barrier>;

async fn over_http(address: String, schema: String, phase: String, ids: Vec<Uuid>, ready: Ready) {
    let stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let body = format!(
        "{{\"to_phase\":\"{phase}\",\"reason\":\"benchmark\",\"transitioned_by\":\"bench\"}}"
    );
    ready.wait().await;
    for id in ids {
        let request = format!(
            "POST /api/v1/tickets/{id}/transition HTTP/1.1\r\nHost: {address}\r\nX-Workspace: {schema}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut length, mut line, mut first) = (0, String::new(), true);
        loop {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            if first {
                assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
                first = false;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).await.unwrap();
    }
}

async fn directly(url: String, schema: String, phase: String, ids: Vec<Uuid>, ready: Ready) {
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    ready.wait().await;
    for id in ids {
        client.batch_execute("BEGIN").await.unwrap();
        let path = format!("\"{schema}\", phasegate");
        client
            .query_typed(
                "SELECT pg_catalog.set_config('search_path', $1, true)",
                &[(&path, Type::TEXT)],
            )
            .await
            .unwrap();
        let rows = client
            .query_typed(
                "SELECT pg_catalog.to_jsonb(r)::pg_catalog.text FROM phasegate.transition_ticket(ticket_id => $1, \
                 to_phase => $2, reason => $3, transitioned_by => $4) AS r",
                &[(&id, Type::UUID), (&phase, Type::TEXT), (&"benchmark", Type::TEXT), (&"bench", Type::TEXT)],
            )
            .await
            .unwrap();
        let _: String = rows[0].get(0);
        client.batch_execute("COMMIT").await.unwrap();
    }
}
