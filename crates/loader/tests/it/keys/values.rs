//! Text keys, keys of several columns, unique values, and long texts, in every mode.

use domain::load::LoadStatus;

use super::{refused, rows, world};
use crate::support::figures;

const NONE: [&str; 0] = [];

#[tokio::test]
async fn a_text_is_a_key_byte_by_byte() {
    let world = world().await;
    let file = "code,label,within\nab,lower,\nAB,upper,\nÄb,umlaut,\nA\u{308}b,in two marks,\n\u{1F600},smile,\n\
                ab ,padded,\n ab,blank first,\nab,again,\n";
    let load = world.drop_file("incoming/places/a.csv", file).await;
    assert_eq!(figures(&load), (8, 6, 2), "{load:?}");
    assert_eq!(refused(&world, &load), ["7: rule", "9: duplicate_in_batch"]);
    let labels = rows(&world, "SELECT label FROM places ORDER BY label").await;
    assert_eq!(labels, ["blank first", "in two marks", "lower", "smile", "umlaut", "upper"]);

    let more = "code,label,within\nAb,mixed,\nAB,taken,\n\u{1F600},taken,\n\u{1F601},grin,\n";
    let load = world.drop_file("incoming/places/b.csv", more).await;
    assert_eq!(figures(&load), (4, 2, 2), "{load:?}");
    assert_eq!(refused(&world, &load), ["3: duplicate_id", "4: duplicate_id"]);

    let load = world.drop_file("incoming/places/upsert/c.csv", more.replace("taken", "replaced")).await;
    assert_eq!(figures(&load), (4, 4, 0), "{load:?}");
    let labels = rows(&world, "SELECT label FROM places WHERE label = 'replaced'").await;
    assert_eq!(labels.len(), 2);

    let load = world.drop_file("incoming/places/replace/d.csv", more).await;
    assert_eq!((load.status, figures(&load)), (LoadStatus::Completed, (4, 4, 0)), "{load:?}");
    assert_eq!(world.count("places").await, 4);
}

#[tokio::test]
async fn a_unique_value_of_another_row_is_never_taken_in_any_mode() {
    let world = world().await;
    world.drop_file("incoming/places/p.csv", "code,label,within\na,A,\nb,B,\n").await;
    let first = "place,number,serial,owner,tag\na,1,S1,7,2021-07-27\na,2,S2,7,2021-07-28\n\
                 b,1,S3,,2021-07-27\nb,2,,,2021-07-27\nb,3,S1,8,2021-07-27\nb,4,S4,7,2021-07-27\nb,5,s1,7,\n";
    let load = world.drop_file("incoming/items/a.csv", first).await;
    assert_eq!(refused(&world, &load), ["6: duplicate_value", "7: duplicate_value"]);
    assert_eq!(figures(&load), (7, 5, 2));

    // In the table: the row itself may have it, another may not.
    let second =
        "place,number,serial,owner,tag\na,1,S1,7,2021-07-27\na,3,S2,,\na,4,S9,7,2021-07-28\na,5,S5,,\n";
    let load = world.drop_file("incoming/items/b.csv", second).await;
    assert_eq!(refused(&world, &load), ["2: duplicate_id", "3: duplicate_value", "4: duplicate_value"]);
    let load = world.drop_file("incoming/items/upsert/c.csv", second).await;
    assert_eq!(refused(&world, &load), ["3: duplicate_value", "4: duplicate_value"]);
    assert_eq!(figures(&load), (4, 2, 2));

    // Values wander, one row after the other: a,2 gives S2 up before b,9 takes it, and a,1 keeps
    // S1.
    let wander = "place,number,serial,owner,tag\na,2,S7,,\nb,9,S2,7,2021-07-28\na,5,S1,,\na,2,S8,,\nb,8,S7,,\n\
                  b,9,S2,7,2021-07-29\n";
    let load = world.drop_file("incoming/items/upsert/d.csv", wander).await;
    assert_eq!(refused(&world, &load), ["4: duplicate_value"]);
    let all = "SELECT CONCAT(place, number), serial, owner, tag FROM items ORDER BY place, number";
    let table = [
        "a1 S1 7 2021-07-27",
        "a2 S8 - -",
        "a5 S5 - -",
        "b1 S3 - 2021-07-27",
        "b2 - - 2021-07-27",
        "b5 s1 7 -",
        "b8 S7 - -",
        "b9 S2 7 2021-07-29",
    ];
    assert_eq!(rows(&world, all).await, table);

    let load = world.drop_file("incoming/items/replace/e.csv", first).await;
    assert_eq!(load.status, LoadStatus::Failed, "{load:?}");
    assert_eq!(rows(&world, all).await, table);
    let sound = "place,number,serial,owner,tag\na,2,S1,7,2021-07-27\na,1,S2,,\n";
    let load = world.drop_file("incoming/items/replace/f.csv", sound).await;
    assert_eq!((figures(&load), refused(&world, &load)), ((2, 2, 0), NONE.map(str::to_owned).to_vec()));
    assert_eq!(rows(&world, all).await, ["a1 S2 - -", "a2 S1 7 2021-07-27"]);
}

#[tokio::test]
async fn a_row_that_the_table_refuses_takes_no_value_from_a_later_one() {
    let world = world().await;
    world.drop_file("incoming/badges/a.csv", "id,code,label\n1,A,old\n").await;
    let load = world.drop_file("incoming/badges/b.csv", "id,code,label\n1,B,taken\n2,B,new\n").await;
    assert_eq!((figures(&load), refused(&world, &load)), ((2, 1, 1), vec!["2: duplicate_id".to_owned()]));
    assert_eq!(rows(&world, "SELECT id, code FROM badges ORDER BY id").await, ["1 A", "2 B"]);
}

#[tokio::test]
async fn texts_of_the_greatest_length_are_loaded_whole() {
    let world = world().await;
    let id = |number: usize| format!("{number:08x}-0000-4000-8000-000000000000");
    let text = |number: usize| match number % 3 {
        0 => "x".repeat(65_535),
        1 => "ä\"'\\\u{0}:p0".repeat(5_957),
        _ => "\u{1F600}".repeat(16_383),
    };
    let mut file = String::from("id,place,number,body\n");
    for number in 0..40 {
        file += &format!("{},,,\"{}\"\n", id(number), text(number).replace('"', "\"\""));
    }
    file += &format!("{},,,{}\n", id(99), "x".repeat(65_536));
    for mode in ["append", "upsert", "replace"] {
        let load = world.drop_file(&format!("incoming/notes/{mode}/a.csv"), &file).await;
        if mode == "replace" {
            assert_eq!(load.status, LoadStatus::Failed, "{load:?}");
            continue;
        }
        assert_eq!((figures(&load), refused(&world, &load)), ((41, 40, 1), vec!["42: too_long".to_owned()]));
        let found = rows(&world, "SELECT body FROM notes ORDER BY id").await;
        assert!(found == (0..40).map(text).collect::<Vec<String>>(), "{mode}");
    }
}
