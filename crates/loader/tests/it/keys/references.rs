//! References that must name a row, and those that are only counted.

use std::fmt::Write;

use super::{refused, rows, world};
use crate::support::figures;

#[tokio::test]
async fn a_row_whose_reference_must_name_one_is_rejected_where_it_does_not() {
    let world = world().await;
    world.drop_file("incoming/places/p.csv", "code,label,within\na,A,\n").await;
    let file = "place,number,serial,owner,tag\na,1,,,\nA,1,,,\nnowhere,1,S1,,\na,2,S1,,\n";
    for mode in ["", "upsert/", "replace/"] {
        world.db.sql("DELETE FROM items").await.unwrap();
        let load = world.drop_file(&format!("incoming/items/{mode}a.csv"), file).await;
        if mode == "replace/" {
            assert_eq!(load.rows_loaded, 0, "{load:?}");
            continue;
        }
        // What a rejected row would have taken is free for the next.
        assert_eq!(refused(&world, &load), ["3: unknown_reference", "4: unknown_reference"], "{mode}");
        assert_eq!(figures(&load), (4, 2, 2));
        let items = rows(&world, "SELECT number, serial FROM items ORDER BY number").await;
        assert_eq!(items, ["1 -", "2 S1"]);
    }
    // A key of several columns is named whole; without one of them nothing is.
    world.db.sql("INSERT INTO items (place, number) VALUES ('a', 1)").await.unwrap();
    let id = |number: u32| format!("{number:08x}-0000-4000-8000-000000000000");
    let notes = [("a", "1"), ("a", "3"), ("A", "1"), ("a", ""), ("", "9"), ("", "")];
    let mut file = String::from("id,place,number,body\n");
    for (index, (place, number)) in (0..).zip(notes) {
        let _ = writeln!(file, "{},{place},{number},text", id(index));
    }
    let load = world.drop_file("incoming/notes/a.csv", file).await;
    assert_eq!((figures(&load), load.unknown_references), ((6, 6, 0), 2), "{load:?}");
}

/// Places, each within one that comes before it, but for some.
fn tree(rows: usize, wrong: impl Fn(usize) -> bool) -> String {
    let mut file = String::from("code,label,within\nroot,the first of all,root\n");
    for row in 1..rows {
        let within = match row {
            row if wrong(row) => format!("none{row}"),
            1 | 2 => "root".to_owned(),
            row => format!("place{}", if row % 3 == 0 { row - 2 } else { row / 2 + 1 }),
        };
        let _ = writeln!(file, "place{row},a label that fills the chunk {row},{within}");
    }
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_may_name_those_before_them_in_the_file_in_chunks_side_by_side() {
    let mut world = world().await;
    (world.options.lanes, world.options.chunk_bytes) = (8, 1024);
    for mode in ["", "upsert/", "replace/"] {
        world.db.sql("DELETE FROM places").await.unwrap();
        let load = world.drop_file(&format!("incoming/places/{mode}a.csv"), tree(800, |_| false)).await;
        assert_eq!((figures(&load), load.unknown_references), ((800, 800, 0), 0), "{mode} {load:?}");
    }
    // The rows within a rejected one are rejected, too.
    world.db.sql("DELETE FROM places").await.unwrap();
    let load = world.drop_file("incoming/places/b.csv", tree(800, |row| row == 100)).await;
    assert!(load.rows_rejected > 1 && load.rows_loaded > 400, "{load:?}");
    let orphans = "SELECT COUNT(*) FROM places p LEFT JOIN places w ON w.code = p.within \
                   WHERE p.within IS NOT NULL AND w.code IS NULL";
    assert_eq!(world.db.value(orphans).await.unwrap(), "0");
}
