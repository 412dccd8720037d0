#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Both sides of a recorded Modbus/TCP conversation, by pymodbus 3.0.

  modbus.py server ADDRESS    a controller with its identification, until it is ended
  modbus.py client ADDRESS    one request of each kind, and two that are refused
"""
import sys


def server(address):
    from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
    from pymodbus.device import ModbusDeviceIdentification
    from pymodbus.server import StartTcpServer

    block = ModbusSequentialDataBlock(0, [7] * 200)
    identity = ModbusDeviceIdentification()
    identity.VendorName = "Kita Controls"
    identity.ProductCode = "KC-340"
    identity.MajorMinorRevision = "2.11"
    unit = ModbusSlaveContext(di=block, co=block, hr=block, ir=block)
    StartTcpServer(
        context=ModbusServerContext(slaves=unit, single=True), identity=identity, address=(address, 502)
    )


def client(address):
    from pymodbus import diag_message, file_message, mei_message, other_message
    from pymodbus.client import ModbusTcpClient

    c = ModbusTcpClient(address, timeout=3)
    assert c.connect()
    c.read_coils(1, 8, slave=1)
    c.read_discrete_inputs(1, 8, slave=1)
    for _ in range(3):
        c.read_holding_registers(10, 4, slave=1)
    c.read_input_registers(10, 2, slave=1)
    c.write_coil(3, True, slave=1)
    c.write_register(4, 99, slave=1)
    c.write_coils(3, [True, False, True], slave=2)
    c.write_registers(5, [1, 2, 3], slave=2)
    c.readwrite_registers(read_address=1, read_count=2, write_address=5, write_registers=[1], slave=1)
    c.read_holding_registers(60000, 4, slave=1)  # exception 2
    for request in (
        diag_message.ReturnQueryDataRequest([0x1234]),
        other_message.ReadExceptionStatusRequest(),
        other_message.ReportSlaveIdRequest(),
        other_message.GetCommEventCounterRequest(),
        file_message.ReadFifoQueueRequest(8),
        mei_message.ReadDeviceInformationRequest(read_code=1),
    ):
        request.unit_id = 1
        c.execute(request)
    c.close()


{"server": server, "client": client}[sys.argv[1]](sys.argv[2])
