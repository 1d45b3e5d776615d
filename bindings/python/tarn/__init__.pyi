# SPDX-License-Identifier: Apache-2.0
import builtins
import datetime
import decimal
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypedDict, Union, final

__all__: list[str]
__version__: Final[str]

_Path = Union[str, os.PathLike[str]]
_Value = Union[
    None, bool, int, float, str, bytes, decimal.Decimal, datetime.date, datetime.time, datetime.timedelta, uuid.UUID
]
_Moment = Union[str, datetime.datetime]
_Columns = Union[str, Sequence[str]]
_Params = Union[Mapping[str, _Value], None]
_Mode = Literal["error", "append", "overwrite"]
_TableFormat = Union[Literal["delta", "iceberg"], None]

class _HasStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = ...) -> Any: ...

class _HasArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = ...) -> Any: ...

_Data = Union[_HasStream, _HasArray]

class _Written(TypedDict):
    version: int
    rows: int
    files: int
    bytes: int

class _File(TypedDict):
    path: str
    size: int
    modified: datetime.datetime
    rows: int | None
    partition: dict[str, Any]
    statistics: str | None

class _Commit(TypedDict):
    version: int
    timestamp: datetime.datetime
    operation: str | None
    parameters: dict[str, Any] | None
    metrics: dict[str, Any] | None
    engine: str | None
    commit_id: str | None
    user_metadata: str | None
    files_added: int
    files_removed: int
    bytes_added: int
    rows_added: int | None
    rows_removed: int | None

class _Info(TypedDict):
    format: str
    id: str | None
    name: str | None
    comment: str | None
    version: int
    timestamp: datetime.datetime
    files: int
    bytes: int
    rows: int | None
    partition_by: list[str]
    properties: dict[str, str]
    features: list[str]

class Error(Exception):
    code: str | None
    detail: str | None
    path: str | None
    offset: int | None
    row_group: int | None
    row: int | None
    column: str | None
    version: int | None
    http_status: int | None

class InternalError(Error): ...
class InvalidError(Error, ValueError): ...
class CorruptError(Error): ...
class UnsupportedError(Error, NotImplementedError): ...
class IoError(Error, OSError): ...
class NotFoundError(Error, FileNotFoundError): ...
class ExistsError(Error, FileExistsError): ...
class ConflictError(Error): ...
class CommitUnknownError(Error): ...
class LimitError(Error): ...
class NomemError(Error, MemoryError): ...
class AuthError(Error, PermissionError): ...
class ThrottledError(Error): ...
class TimeoutError(Error, builtins.TimeoutError): ...
class CancelledError(Error): ...

@final
class Schema:
    @property
    def names(self) -> list[str]: ...
    @property
    def fields(self) -> list[tuple[str, str, bool]]: ...
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> Any: ...

class Rows:
    @property
    def schema(self) -> Schema: ...
    @property
    def rows_changed(self) -> int | None: ...
    @property
    def version(self) -> int | None: ...
    @property
    def sql(self) -> str: ...
    def rows(self) -> list[tuple[Any, ...]]: ...
    def dicts(self) -> list[dict[str, Any]]: ...
    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def _repr_html_(self) -> str: ...

class Table:
    @property
    def path(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def format(self) -> str: ...
    def info(self) -> _Info: ...
    def files(self) -> list[_File]: ...
    def history(self, limit: int = 0) -> list[_Commit]: ...
    def scan(
        self,
        columns: _Columns | None = None,
        where: str | None = None,
        version: int | None = None,
        as_of: _Moment | None = None,
        params: _Params = None,
    ) -> Rows: ...
    def delete(self, where: str | None = None, params: _Params = None) -> Rows: ...
    def update(self, changes: Mapping[str, _Value], where: str | None = None, params: _Params = None) -> Rows: ...
    def restore(self, version: int) -> int: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def __arrow_c_schema__(self) -> Any: ...
    def _repr_html_(self) -> str: ...

class Env:
    lake: str | None
    def __new__(cls, threads: int = 0, memory_limit: int = 0, lake: _Path | None = None) -> Env: ...
    def memory(self) -> tuple[int, int]: ...
    def sql(self, query: str, /, *args: _Value, **params: _Value | _Data) -> Rows: ...
    def table(
        self, path: _Path, version: int | None = None, as_of: _Moment | None = None, ref: str | None = None
    ) -> Table: ...
    def write(
        self,
        path: _Path,
        data: _Data,
        mode: _Mode = "error",
        table_format: _TableFormat = None,
        partition_by: _Columns | None = None,
        *,
        app_id: str | None = None,
        app_version: int = 0,
        user_metadata: str | None = None,
    ) -> _Written: ...
    def read_parquet(
        self, path: _Path, columns: _Columns | None = None, where: str | None = None, params: _Params = None
    ) -> Rows: ...
    def read_csv(
        self,
        path: _Path,
        columns: _Columns | None = None,
        where: str | None = None,
        params: _Params = None,
        *,
        types: str | None = None,
        delimiter: str | None = None,
        quote: str | None = None,
        quoted: bool | None = None,
        escape: str | None = None,
        header: bool | None = None,
        encoding: str | None = None,
        skip: int | None = None,
        comment: str | None = None,
        nulls: _Columns | None = None,
        date_format: str | None = None,
        decimal_separator: str | None = None,
        all_varchar: bool | None = None,
        prefer_decimal: bool | None = None,
        sample_rows: int | None = None,
    ) -> Rows: ...
    def read_json(
        self,
        path: _Path,
        columns: _Columns | None = None,
        where: str | None = None,
        params: _Params = None,
        *,
        types: str | None = None,
        records: str | None = None,
        sample_rows: int | None = None,
    ) -> Rows: ...

def sql(query: str, /, *args: _Value, **params: _Value | _Data) -> Rows: ...
def table(
    path: _Path, version: int | None = None, as_of: _Moment | None = None, ref: str | None = None
) -> Table: ...
def write(
    path: _Path,
    data: _Data,
    mode: _Mode = "error",
    table_format: _TableFormat = None,
    partition_by: _Columns | None = None,
    *,
    app_id: str | None = None,
    app_version: int = 0,
    user_metadata: str | None = None,
) -> _Written: ...
def read_parquet(
    path: _Path, columns: _Columns | None = None, where: str | None = None, params: _Params = None
) -> Rows: ...
def read_csv(
    path: _Path,
    columns: _Columns | None = None,
    where: str | None = None,
    params: _Params = None,
    *,
    types: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    quoted: bool | None = None,
    escape: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
    skip: int | None = None,
    comment: str | None = None,
    nulls: _Columns | None = None,
    date_format: str | None = None,
    decimal_separator: str | None = None,
    all_varchar: bool | None = None,
    prefer_decimal: bool | None = None,
    sample_rows: int | None = None,
) -> Rows: ...
def read_json(
    path: _Path,
    columns: _Columns | None = None,
    where: str | None = None,
    params: _Params = None,
    *,
    types: str | None = None,
    records: str | None = None,
    sample_rows: int | None = None,
) -> Rows: ...
