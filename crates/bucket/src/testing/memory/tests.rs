use super::*;
use crate::{Content, ObjectVersion, Store, Versions};

#[tokio::test]
async fn conditions_hold() {
    let bucket = MemoryBucket::default();
    let put = async |text: &'static str, when: When<'_>| bucket.put("k", text.into(), when).await.unwrap();
    assert_eq!(put("a", When::Is("\"1\"")).await, Put::Refused);
    let Put::Written(first) = put("a", When::New).await else { panic!("refused") };
    assert_eq!(put("b", When::New).await, Put::Refused);
    assert!(matches!(put("c", When::Is(&first)).await, Put::Written(_)));
    assert_eq!(put("d", When::Is(&first)).await, Put::Refused);
    assert_eq!(bucket.content("k").unwrap(), "c");
}

#[tokio::test]
async fn lists_in_pages_and_folders_once() {
    let bucket = MemoryBucket::default();
    for number in 0..25 {
        bucket.insert(&format!("a/{:02}/x", number / 2), "");
        bucket.insert(&format!("a/{:02}/y", number / 2), "12");
    }
    bucket.insert("b/00/x", "");
    let all = bucket.list_all("a/").await.unwrap();
    assert_eq!(all.len(), 26);
    assert!(all.is_sorted_by_key(|object| object.key.clone()));
    assert_eq!(bucket.folders("a/").await.unwrap().len(), 13);
}

#[test]
fn a_page_counts_objects_and_folders_and_the_next_one_continues() {
    let bucket = MemoryBucket::default();
    for key in ["b/1/x", "b/1/y", "b/2/x", "b/z", "c"] {
        bucket.insert(key, "x");
    }
    let page = bucket.page("b/", Some("/"), None, 2);
    assert_eq!((page.folders, page.objects.len()), (vec!["b/1/".to_owned(), "b/2/".to_owned()], 0));
    let page = bucket.page("b/", Some("/"), page.next.as_deref(), 2);
    assert_eq!((page.folders.len(), page.objects[0].key.as_str(), page.next), (0, "b/z", None));
    assert_eq!(bucket.page("b/", None, Some("b/1/x"), 10).objects.len(), 3);
}

#[tokio::test]
async fn an_upload_is_no_object_before_it_is_completed() {
    let bucket = MemoryBucket::default();
    let upload = bucket.begin_upload("a", Metadata::new()).await.unwrap();
    let one = bucket.put_part(&upload, 1, "one".into()).await.unwrap();
    let two = bucket.put_part(&upload, 2, "two".into()).await.unwrap();
    assert!(bucket.content("a").is_none() && bucket.open_uploads() == 1);
    let three = Part { number: 3, ..two.clone() };
    let complete = async |parts| bucket.complete_upload(&upload, parts, When::New).await;
    assert!(matches!(complete(vec![one.clone(), three]).await, Err(BucketError::Failed { .. })));
    complete(vec![one.clone(), two]).await.unwrap();
    assert_eq!(bucket.content("a").unwrap(), "onetwo");
    assert!(matches!(complete(vec![one]).await, Err(BucketError::Gone { .. })));
}

#[tokio::test]
async fn a_version_stays_when_another_one_comes() {
    let bucket = MemoryBucket::default();
    bucket.insert_version("a", "v1", "one");
    bucket.insert_version("a", "v2", "two");
    let open = async |version: Option<&str>| {
        let version = version.map(str::to_owned);
        let object = ObjectVersion { version, ..ObjectVersion::from("a") };
        let mut content = bucket.open(&object, 1).await?.content;
        Ok::<_, BucketError>(content.next().await?.unwrap())
    };
    assert_eq!(open(Some("v1")).await.unwrap(), "ne");
    assert_eq!(open(None).await.unwrap(), "wo");
    assert!(matches!(open(Some("v3")).await, Err(BucketError::Gone { .. })));
    assert_eq!(bucket.list_versions("", None).await.unwrap().objects[0].version.as_deref(), Some("v2"));
}
