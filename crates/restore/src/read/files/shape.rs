//! The encoding of a row according to a file's schema.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name, NamespaceRef, RecordField, UuidSchema};
use domain::external::Unit;
use domain::shortened;

use super::fault::Fault;

/// The encoding of a value.
#[derive(Debug)]
pub(super) enum Shape {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Fixed(usize),
    Text,
    Enum(Vec<String>),
    Decimal {
        fixed: Option<usize>,
        scale: u32,
    },
    BigDecimal,
    Uuid {
        fixed: Option<usize>,
    },
    Date,
    Timestamp(Unit),
    TimeMillis,
    TimeMicros,
    Duration,
    Array(Box<Self>),
    Map(Box<Self>),
    Union(Vec<Self>),
    Record(Vec<Self>),
    /// A type that has a name, by its position among [`Row::named`].
    Named(usize),
}

/// A field of the rows.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) shape: Shape,
}

/// The encoding of the rows of a file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) fields: Vec<Field>,
    /// Types that have a name; they may be named again, even within themselves.
    pub(super) named: Vec<Shape>,
}

impl Row {
    /// Reads a schema.
    pub(super) fn read(json: &[u8]) -> Result<Self, Fault> {
        let json = std::str::from_utf8(json).map_err(|_| Fault::content("its schema is not UTF-8"))?;
        let schema = Schema::parse_str(json).map_err(|error| {
            Fault::content(format!("its schema cannot be used: {}", short(&error.to_string())))
        })?;
        let Schema::Record(record) = &schema else {
            return Err(Fault::content("its schema is no record, so it has no rows"));
        };
        let mut reader = SchemaReader::default();
        let name = record.name.fully_qualified_name(None).into_owned();
        reader.reserve(name.clone());
        let fields = record.fields.iter().map(|field| {
            let shape = reader.shape(&field.schema, name.namespace())?;
            Ok(Field { name: field.name.clone(), aliases: field.aliases.clone(), shape })
        });
        let fields = fields.collect::<Result<_, Fault>>()?;
        Ok(Self { fields, named: reader.named })
    }
}

/// Messages of the schema's reader may repeat the schema.
fn short(message: &str) -> String {
    shortened(message, 200).into_owned()
}

/// The place of the row's own type, which stays empty.
const ROW: usize = 0;

#[derive(Debug, Default)]
struct SchemaReader {
    named: Vec<Shape>,
    positions: HashMap<Name, usize>,
}

impl SchemaReader {
    /// Takes a place for the type, so that it can be named within itself.
    fn reserve(&mut self, name: Name) -> usize {
        self.named.push(Shape::Null);
        self.positions.insert(name, self.named.len() - 1);
        self.named.len() - 1
    }

    fn name(&mut self, name: &Name, within: NamespaceRef<'_>, shape: Shape) -> Shape {
        let position = self.reserve(name.fully_qualified_name(within).into_owned());
        self.named[position] = shape;
        Shape::Named(position)
    }

    fn shape(&mut self, schema: &Schema, within: NamespaceRef<'_>) -> Result<Shape, Fault> {
        Ok(match schema {
            Schema::Null => Shape::Null,
            Schema::Boolean => Shape::Boolean,
            Schema::Int => Shape::Int,
            Schema::Long => Shape::Long,
            Schema::Float => Shape::Float,
            Schema::Double => Shape::Double,
            Schema::Bytes => Shape::Bytes,
            Schema::String | Schema::Uuid(UuidSchema::String) => Shape::Text,
            Schema::Date => Shape::Date,
            Schema::TimestampMillis | Schema::LocalTimestampMillis => Shape::Timestamp(Unit::Millis),
            Schema::TimestampMicros | Schema::LocalTimestampMicros => Shape::Timestamp(Unit::Micros),
            Schema::TimestampNanos | Schema::LocalTimestampNanos => Shape::Timestamp(Unit::Nanos),
            Schema::TimeMillis => Shape::TimeMillis,
            Schema::TimeMicros => Shape::TimeMicros,
            Schema::BigDecimal => Shape::BigDecimal,
            Schema::Uuid(UuidSchema::Bytes) => Shape::Uuid { fixed: None },
            Schema::Uuid(UuidSchema::Fixed(fixed)) => {
                self.name(&fixed.name, within, Shape::Uuid { fixed: Some(fixed.size) })
            }
            Schema::Decimal(decimal) => {
                let scale = u32::try_from(decimal.scale).unwrap_or(u32::MAX);
                match &decimal.inner {
                    InnerDecimalSchema::Bytes => Shape::Decimal { fixed: None, scale },
                    InnerDecimalSchema::Fixed(fixed) => {
                        self.name(&fixed.name, within, Shape::Decimal { fixed: Some(fixed.size), scale })
                    }
                }
            }
            Schema::Duration(fixed) => self.name(&fixed.name, within, Shape::Duration),
            Schema::Fixed(fixed) => self.name(&fixed.name, within, Shape::Fixed(fixed.size)),
            Schema::Enum(names) => self.name(&names.name, within, Shape::Enum(names.symbols.clone())),
            Schema::Array(array) => Shape::Array(Box::new(self.shape(&array.items, within)?)),
            Schema::Map(map) => Shape::Map(Box::new(self.shape(&map.types, within)?)),
            Schema::Union(union) => {
                let variants = union.variants().iter().map(|variant| self.shape(variant, within));
                Shape::Union(variants.collect::<Result<_, _>>()?)
            }
            Schema::Record(record) => {
                let name = record.name.fully_qualified_name(within).into_owned();
                let position = self.reserve(name.clone());
                let field = |field: &RecordField| self.shape(&field.schema, name.namespace());
                let fields = record.fields.iter().map(field).collect::<Result<_, _>>()?;
                self.named[position] = Shape::Record(fields);
                Shape::Named(position)
            }
            Schema::Ref { name } => {
                let name = name.fully_qualified_name(within).into_owned();
                match self.positions.get(&name) {
                    Some(&ROW) => return Err(Fault::content("its schema has its own rows within a row")),
                    Some(position) => Shape::Named(*position),
                    None => {
                        let name = short(name.as_ref());
                        let reason = format!("its schema uses {name} before it says what that is");
                        return Err(Fault::content(reason));
                    }
                }
            }
        })
    }
}
