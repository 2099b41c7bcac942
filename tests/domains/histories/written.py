"""Files as the programs write them, small and whole."""

LUBELOGGER_FUEL = """Date,Odometer,FuelConsumed,Cost,FuelEconomy,IsFillToFull,MissedFuelUp,Notes,Tags
01/14/2026,48210,11.2,"$38.64",0,True,False,,
01/29/2026,48560,10.9,"$37.61",32.1,True,False,"near home, cold",winter city
02/30/2026,48700,4,"$14.00",0,False,False,,
"""
LUBELOGGER_REPAIR = """Date,Description,Cost,Notes,Odometer,Tags,extrafield_Garage
2025-11-03,Front brake pads,189.90,,47010,brakes,Corner Garage
2025-11-03,,,,,,
"""
LUBELOGGER_ODOMETER = """Date,InitialOdometer,Odometer,Notes,Tags
2025-10-01,46000,46210,,
2025-10-31,46210,,,
"""
LUBELOGGER_PLAN = """DateCreated,DateModified,Description,Notes,Type,Priority,Progress,Cost
2025-10-01,2025-10-01,Roof rack,,UpgradeRecord,Normal,Backlog,250
"""
FUELIO = """"## Vehicle"
"Name","Description","DistUnit","FuelUnit","ConsumptionUnit","ImportCSVDateFormat"
"Corolla","",0,0,0,"yyyy-MM-dd"
"## Log"
"Data","Odo (km)","Fuel (litres)","Full","Price (optional)","l/100km (optional)","latitude (optional)","longitude (optional)","City (optional)","Notes (optional)","Missed","TankNumber","FuelType","VolumePrice"
"2026-03-02 18:20","81234.0","41.52","1","68.51","6.9","0.0","0.0","Bad Aibling","Autobahn,
Stau","0","1","110","1.65"
"2026-03-15 07:05","81800.0","20.0","0","0.0","0.0","0.0","0.0","","","1","1","110","1.7"
"## CostCategories"
"CostTypeID","Name","priority","color"
"1","Service","0","#fff"
"6","Wash","0","#fff"
"## Costs"
"CostTitle","Date","Odo","CostTypeID","Notes","Cost","flag","idR","read","RemindOdo","RemindDate","isTemplate","RepeatOdo","RepeatMonths","isIncome","UniqueId"
"Oil change","2026-02-01","80000","1","5W-30","120.0","0","0","1","0","2011-01-01","0","0","0","0","1"
"Car wash","2026-02-03","0","6","","12.5","0","0","1","0","2011-01-01","0","0","0","0","2"
"Sold the old rack","2026-02-04","0","6","","40","0","0","1","0","2011-01-01","0","0","0","1","3"
"Next oil","2026-02-05","0","1","","0","0","0","1","95000","2027-02-01","0","15000","12","0","4"
"Tolls","2026-02-05","0","6","","9","0","0","1","0","2011-01-01","1","0","0","0","5"
"""
ACAR = """Metadata
Application,Date Format,Volume Unit
aCar,dd.MM.yyyy,L
Vehicles
Name,Make,Model
Golf,VW,Golf
Fill-Up Records
Vehicle,Date,Time,Odometer Reading (km),Volume (L),Price per Unit,Total Cost,Partial Fill-Up?,Previous Missed Fill-Ups?,Notes
Golf,03.02.2026,18:00,120500,"40,10","1,799","72,14",No,No,
Golf,13.02.2026,18:00,121100,"12,00","1,80",,Yes,No,half
Service Records
Vehicle,Date,Odometer Reading (km),Services,Total Cost,Notes
Golf,01.03.2026,121900,Engine Oil,"149,00",
"""
FUELLY = (
    "type,MPG,date,time,vehicle,odometer,filled up,cost/gallon,gallons,total cost,octane,gas brand,location,tags,"
    "payment type,tire pressure,notes,services\n"
    'Gas,31.2,1/9/26,5:30 PM,Civic,"12,345",Full,$3.49,10.20,$35.60,Regular,Shell,Main St,,Visa,,,\n'
    'Gas,,1/19/26,17:30,Civic,"12,545",Partial,$3.49,5,$17.45,,,,,,,,\n'
    'Service,,1/25/26,9:00 AM,Civic,"12,700",,,,$60.00,,,,,,,with filter,"Oil change"\n'
    'Gas,28,1/26/26,9:00 AM,Truck,"99,000",Full,$3.49,20,$69.80,,,,,,,,\n'
)
