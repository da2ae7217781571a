//! What each matcher accepts and what it refuses.

use super::json::Json;
use super::pattern::{Saved, differences};

fn accepts(pattern: &str, value: &str) -> bool {
    let pattern = Json::parse(pattern).expect("a pattern is json");
    let value = (value != "absent").then(|| Json::parse(value).expect("a value is json"));
    differences(&pattern, value.as_ref(), "", &mut Saved::new()).is_empty()
}

#[track_caller]
fn check(pattern: &str, accepted: &[&str], refused: &[&str]) {
    for value in accepted {
        assert!(accepts(pattern, value), "{pattern} must accept {value}");
    }
    for value in refused {
        assert!(!accepts(pattern, value), "{pattern} must refuse {value}");
    }
}

#[test]
fn plain_values() {
    check(
        r#"{"a":1}"#,
        &[r#"{"a":1,"b":2}"#, r#"{"a":1.0}"#],
        &["{}", r#"{"a":2}"#, r#"{"a":true}"#, "[]", "absent"],
    );
    check("[1,2]", &["[1,2]"], &["[1]", "[1,2,3]", "[2,1]", "{}", "absent"]);
    check("null", &["null"], &["0", "absent", r#""""#]);
    check("1", &["1"], &["true", r#""1""#]);
}

#[test]
fn words() {
    check(r#""$any""#, &["null", "1"], &["absent"]);
    check(r#""$absent""#, &["absent"], &["null"]);
    check(
        r#""$nonempty""#,
        &[r#""x""#, "[0]", "1", "true"],
        &[r#""""#, "[]", "{}", "null", "0", "false", "absent"],
    );
    check(r#""$type:int""#, &["1", "-5"], &["1.0", "1e3", "true", r#""1""#, "absent"]);
    check(r#""$type:number""#, &["1", "1.5"], &["true", r#""1""#]);
    check(r#""$type:string""#, &[r#""""#], &["1"]);
    check(r#""$type:object""#, &["{}"], &["[]"]);
    check(r#""$type:array""#, &["[]"], &["{}"]);
    check(r#""$regex:^call_.""#, &[r#""call_1""#], &[r#""call_""#, r#""xcall_1""#, "1", "absent"]);
}

#[test]
fn saved_values() {
    check(r#"["$save:a","$differs:a"]"#, &["[1,2]"], &["[1,1]", "[1,1.0]"]);
}

#[test]
fn combinations() {
    check(r#"{"$oneOf":[1,"$type:string"]}"#, &["1", r#""x""#], &["2", "absent"]);
    check(r#"{"$oneOf":["$absent",null]}"#, &["absent", "null"], &["1"]);
    check(r#"{"$allOf":["$type:int",{"$range":[1,2]}]}"#, &["1"], &["1.5", "3"]);
    check(r#"{"$not":1}"#, &["2", "absent"], &["1"]);
    check(
        r#"{"$exact":{"b":1,"a":[{"c":1}]}}"#,
        &[r#"{"a":[{"c":1}],"b":1}"#],
        &[r#"{"a":[{"c":1,"d":1}],"b":1}"#, "{}"],
    );
    check(r#"{"$ordered":{"b":1,"a":2}}"#, &[r#"{"b":1,"a":2}"#], &[r#"{"a":2,"b":1}"#, r#"{"b":1}"#]);
}

#[test]
fn arrays() {
    check(r#"{"$each":{"a":1}}"#, &["[]", r#"[{"a":1},{"a":1}]"#], &[r#"[{"a":1},{}]"#, "1"]);
    check(r#"{"$contains":[1,2]}"#, &["[2,3,1]"], &["[1]", "[]", "{}"]);
    check(r#"{"$unordered":[1,2]}"#, &["[2,1]"], &["[1]", "[1,1]", "[1,2,3]"]);
    check(r#"{"$len":2}"#, &["[1,2]", r#""äb""#, r#"{"a":1,"b":2}"#], &["[1]", "2", "absent"]);
    check(
        r#"{"$allSame":"id"}"#,
        &[r#"[{"id":1},{"id":1}]"#, "[]"],
        &[r#"[{"id":1},{"id":2}]"#, r#"[{"id":1},{}]"#],
    );
    check(r#"[1,{"$optional":2},3]"#, &["[1,2,3]", "[1,3]"], &["[1,4,3]", "[1,2]", "[1,2,3,4]"]);
}

#[test]
fn texts_and_numbers() {
    check(r#"{"$range":[1,3]}"#, &["1", "2.5", "3"], &["0", "4", "true", r#""2""#, "absent"]);
    check(r#"{"$num":"1.10"}"#, &["1.10"], &["1.1", r#""1.10""#, "absent"]);
    check(r#"{"$text":["a","b"]}"#, &[r#""xbxa""#], &[r#""a""#, "1", "absent"]);
    check(r#"{"$jsonText":{"a":{"$num":"1.0"}}}"#, &[r#""{\"a\":1.0}""#], &[r#""{\"a\":1}""#, r#""{""#, "1"]);
}

#[test]
#[should_panic(expected = "unknown matcher $every")]
fn an_unknown_matcher_is_a_defect_of_the_case() {
    accepts(r#"{"$every":1}"#, "[]");
}
